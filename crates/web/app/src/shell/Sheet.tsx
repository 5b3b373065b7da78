import { Kbd } from '../ui/Kbd';
import { Dialog } from './Dialog';
import { open } from './opened';
import { PLACES } from './places';

/** The keys, by where they work. */
const KEYS: readonly { keys: string; what: string; where: string }[] = [
  { keys: 'Mod+K', what: 'Search and commands', where: 'Everywhere' },
  { keys: '?', what: 'This sheet', where: 'Everywhere' },
  ...PLACES.map(({ key, name }) => ({ keys: `g ${key}`, what: `Go to ${name}`, where: 'Everywhere' })),
  { keys: 'Esc', what: 'Close what is open', where: 'Everywhere' },
  { keys: 'Mod+Enter', what: 'Send what was written', where: 'In a text' },
  { keys: 'j / k', what: 'Next, previous row', where: 'Lists' },
  { keys: 'o', what: 'Into the row', where: 'Lists' },
  { keys: 'v', what: 'The next view', where: 'Sprint' },
  { keys: 'j / k', what: 'Next, previous task', where: 'Sprint' },
  { keys: 'c', what: 'Bring out the critical path', where: 'Sprint' },
  { keys: 'm', what: 'The merge forecast', where: 'Sprint' },
  { keys: 'h / l', what: 'Event before, event after', where: 'Replay of a sprint' },
  { keys: 'p', what: 'Play, pause', where: 'Replay of a sprint' },
  { keys: '[ / ]', what: 'Step before, next step', where: 'Plan' },
  { keys: 'n', what: 'Add a task', where: 'Plan' },
  { keys: 'e', what: 'Edit the title', where: 'Plan' },
  { keys: 'Tab', what: 'In a title: wait for the one above', where: 'Plan' },
  { keys: 'Alt+↑ / Alt+↓', what: 'In a title: move', where: 'Plan' },
  { keys: 'Mod+S', what: 'Save at once', where: 'Plan' },
  { keys: 'e', what: 'Next error', where: 'Activity of a task' },
  { keys: 'f', what: 'Follow the end', where: 'Activity of a task' },
  { keys: '/', what: 'Search', where: 'Activity of a task, memory' },
  { keys: 'n', what: 'Add a memory', where: 'Memory' },
  { keys: 'j / k', what: 'Next, previous file', where: 'Review' },
  { keys: 'n / p', what: 'Next, previous change', where: 'Review' },
  { keys: 'c', what: 'Comment on the lines', where: 'Review' },
  { keys: 'v', what: 'Viewed, and on', where: 'Review' },
  { keys: 'Mod+Enter', what: 'Send the comments', where: 'Review' },
];

/** All keys at a glance. */
export function Sheet() {
  const places = [...new Set(KEYS.map(({ where }) => where))];
  return (
    <Dialog title="Keys" onClose={() => open(null)}>
      {/* Longer than a phone is high, and moved by keys too. */}
      <div role="region" aria-label="All keys" tabIndex={0} className="max-h-[74vh] overflow-y-auto">
        <div className="gap-x-8 desk:columns-2">
          {places.map((place) => (
            <section key={place} className="break-inside-avoid pb-2.5">
              <h3 className="mb-1 text-dense text-faint">{place}</h3>
              <dl>
                {KEYS.filter(({ where }) => where === place).map(({ keys, what }) => (
                  <div key={keys + what} className="flex items-center justify-between gap-3 py-0.5">
                    <dt>{what}</dt>
                    <dd className="flex gap-1">
                      <Kbd keys={keys} always />
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
