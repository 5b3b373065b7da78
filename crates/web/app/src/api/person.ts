// Which of the team's people this tab acts for, as `--as` says on the command line. The server takes the person of its
// configuration unless one is chosen. Each tab keeps its own, which is the one that it shows; a new one begins with the
// one that was chosen last.
const KEY = 'team6.person';

/** Where it is kept, the tab's own place first. */
function places(): Storage[] {
  return typeof localStorage === 'undefined' ? [] : [sessionStorage, localStorage];
}

let acting = places()
  .map((place) => place.getItem(KEY))
  .find((person) => person !== null) ?? null;

export function actingPerson(): string | null {
  return acting;
}

export function actFor(person: string | null) {
  acting = person;
  for (const place of places()) {
    if (person === null) place.removeItem(KEY);
    else place.setItem(KEY, person);
  }
}
