// The places of the app, as the sidebar, the bottom bar, the palette and the chords know them.
export interface Place {
  to: '/inbox' | '/sprints';
  name: string;
  /** Pressed after `g`. */
  key: string;
  icon: string;
}

export const PLACES: readonly Place[] = [
  { to: '/inbox', name: 'Inbox', key: 'i', icon: 'M2 9.5 4 3h8l2 6.5V13H2V9.5Zm0 0h3.5l1 1.5h3l1-1.5H14' },
  { to: '/sprints', name: 'Sprints', key: 's', icon: 'M3 4.5h4M9 11.5h4M3 4.5v4a3 3 0 0 0 3 3h3M11 4.5h2' },
];
