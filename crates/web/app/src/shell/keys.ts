// Keys that work everywhere. They are bound before the first paint, do nothing while somebody writes, and take no key
// that the browser uses itself.
import { useEffect } from 'react';
import { isOpened, open, typeAhead } from './opened';
import { type Place, PLACES } from './places';

/** For how long a key after `g` belongs to it, in milliseconds. */
const CHORD = 1_200;

/** Whether a key is meant for what has the focus, such as a text that is being written. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Heeds them from now on, for as long as the page stands. What they open waits for the frame, if it is not there yet. */
export function heedKeys(isIn: () => boolean, go: (to: Place['to']) => void) {
  let chord = 0;
  addEventListener('keydown', (event: KeyboardEvent) => {
    if (event.defaultPrevented || !isIn()) return;
    if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      return open('palette');
    }
    if (event.metaKey || event.ctrlKey || event.altKey || isWriting(event.target)) return;
    if (isOpened()) return event.key.length === 1 ? typeAhead(event.key) : undefined;
    if (event.key === '?') return open('sheet');
    if (event.key === 'g') {
      chord = Date.now();
      return;
    }
    const place = Date.now() - chord < CHORD ? PLACES.find(({ key }) => key === event.key) : undefined;
    chord = 0;
    if (!place) return;
    event.preventDefault();
    go(place.to);
  });
}

/** Keys of a page, by what is pressed. */
export function usePageKeys(keys: Record<string, (event: KeyboardEvent) => void>) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isWriting(event.target)) return;
      if (isOpened()) return;
      const heed = keys[event.key];
      if (!heed) return;
      event.preventDefault();
      heed(event);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
}
