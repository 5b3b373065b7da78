import { Kbd } from '../ui/Kbd';
import { Dialog } from './Dialog';
import { open } from './opened';
import { KEYS } from './places';

/** The keys, by where they work. */
export function Sheet() {
  const places = [...new Set(KEYS.map(({ where }) => where))];
  return (
    <Dialog title="Keys" onClose={() => open(null)}>
      <div className="grid grid-cols-1 gap-x-8 gap-y-4 desk:grid-cols-2">
        {places.map((place) => (
          <section key={place}>
            <h3 className="mb-1 text-dense text-faint">{place}</h3>
            <dl>
              {KEYS.filter(({ where }) => where === place).map(({ keys, what }) => (
                <div key={keys} className="flex items-center justify-between gap-3 py-0.5">
                  <dt>{what}</dt>
                  <dd className="flex gap-1">
                    <Kbd keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
