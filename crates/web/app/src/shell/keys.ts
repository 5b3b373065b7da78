// Keys that work everywhere. They are bound with the first paint, do nothing while somebody writes, and take no key
// that the browser uses itself.
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { isOpened, open } from './opened';
import { PLACES } from './places';

/** For how long a key after `g` belongs to it, in milliseconds. */
const CHORD = 1_200;

/** Whether a key is meant for what has the focus, such as a text that is being written. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function useKeys() {
  const navigate = useNavigate();
  useEffect(() => {
    let chord = 0;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        return open('palette');
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isWriting(event.target)) return;
      if (isOpened()) return;
      if (event.key === '?') return open('sheet');
      if (event.key === 'g') {
        chord = Date.now();
        return;
      }
      const place = Date.now() - chord < CHORD ? PLACES.find(({ key }) => key === event.key) : undefined;
      chord = 0;
      if (place) {
        event.preventDefault();
        void navigate({ to: place.to });
      }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [navigate]);
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
