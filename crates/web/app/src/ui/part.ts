// Parts of the app that are loaded when they are needed. The server may be away just then: that is no reason to lose what
// is shown, nor to load the page anew, which would lose it as well.

/** How often it is looked whether the server answers again, in milliseconds. */
const LOOK = 1_000;

/** Loads a part, once the server answers. It fails if a server that answers does not have it, as another version would. */
export async function part<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch {
    while (!(await answers())) await new Promise((over) => setTimeout(over, LOOK));
    // The build asks for styles once only.
    for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')) if (!hasCome(link)) link.replaceWith(link.cloneNode());
    return load();
  }
}

function answers(): Promise<boolean> {
  return fetch('/', { method: 'HEAD' }).then(
    // What stands before it may answer in its place.
    ({ status }) => status < 500,
    () => false,
  );
}

/** Rules that did not come cannot be read. */
function hasCome({ sheet }: HTMLLinkElement): boolean {
  try {
    return Boolean(sheet?.cssRules);
  } catch {
    return false;
  }
}
