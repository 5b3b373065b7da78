// Verbs of the stories: what people did before a test begins to look.
import type { Place } from './place.ts';

/** Opens a sprint, whose planner asks and submits a plan of seven tasks. */
export function planned(place: Place, goal = 'A house that keeps the rain out.') {
  place.team6('sprint', 'plan', 'shop', goal);
  place.team6('sprint', 'watch', '1', '--until', 'person');
}

/** The same with its question answered, its owners set and the plan approved. */
export function atWork(place: Place) {
  planned(place);
  place.team6('sprint', 'answer', '1', '1', 'No, build on a slab');
  place.team6('sprint', 'watch', '1', '--until', 'person');
  place.team6('sprint', 'owners', '1', ...[1, 2, 3, 4, 5, 6, 7].map((task) => `${task}=ada`));
  place.team6('sprint', 'approve', '1');
}

/** The same, and nothing happens any more: T-1 is delivered, T-2 goes on until it is told otherwise, T-3 asks and T-4 failed. */
export function atRest(place: Place) {
  atWork(place);
  const states: [task: string, state: string][] = [
    ['1', 'in review'],
    ['2', 'Laying the first course'],
    ['3', 'asking its owner'],
    ['4', 'failed'],
  ];
  for (const [task, state] of states) {
    const isThere = () => place.team6('task', 'show', task).includes(state);
    for (let looks = 0; !isThere(); looks += 1) if (looks === 300) throw new Error(`task ${task} does not come to "${state}"`);
  }
}
