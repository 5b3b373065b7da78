// Which of the team's people this browser acts for, as `--as` says on the command line. The server takes the person of
// its configuration unless one is chosen.
const KEY = 'team6.person';

export function actingPerson(): string | null {
  return typeof localStorage === 'undefined' ? null : localStorage.getItem(KEY);
}

export function actFor(person: string | null) {
  if (person === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, person);
}
