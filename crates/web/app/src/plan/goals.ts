/** Goals as teams write them: what is wanted, for whom, how one can see it, and what is left out. */
export const EXAMPLES: readonly { name: string; goal: string }[] = [
  {
    name: 'A feature',
    goal: 'Customers reset their password by e-mail. The link works once and for an hour. Support sees in the log that a link was asked for and used. The sign-in page itself stays as it is.',
  },
  {
    name: 'Speed',
    goal: 'Searching orders by customer name answers within 200 ms for a million orders; today it takes three seconds. The API keeps its answers, and the migration runs while the shop is open.',
  },
  {
    name: 'Reliability',
    goal: 'The nightly export runs in the job queue instead of cron. A failed run is tried again, a half-written file is never delivered, and somebody is told when there was none for a day.',
  },
];

/** A goal with the repositories to which it is kept, if those are not all of them. */
export function goalWith(goal: string, chosen: readonly string[], all: readonly string[]): string {
  const text = goal.trim();
  if (chosen.length === 0 || chosen.length === all.length) return text;
  return `${text}\n\nOnly these repositories are to be changed: ${chosen.join(', ')}.`;
}
