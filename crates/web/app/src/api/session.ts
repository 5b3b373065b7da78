// Signing in: a one-time code from `team6 open`, or the token, becomes a cookie that scripts cannot read.
import { signIn as ask, signOut as leave } from './generated/team6';
import { actFor } from './person';

export type Credential = { code: string } | { token: string };

/** Why the link by which this page was opened did not let it in; the sign-in page tells. */
export let refusedLink: unknown = null;

/** Signs in by the code of the link with which the page was opened, if it was. */
export async function signInByLink(): Promise<void> {
  const code = codeOfAddress(location, history);
  if (!code) return;
  await signIn({ code }).catch((refused: unknown) => {
    refusedLink = refused;
  });
}

/** Signs this browser in, for the person whom `team6 open` named. */
export async function signIn(credential: Credential): Promise<void> {
  const { person } = await ask(credential);
  actFor(person ?? null);
}

export async function signOut(): Promise<void> {
  await leave();
  actFor(null);
}

/** Takes the code out of the address, where `team6 open` puts it, so that it is neither kept nor shown. */
function codeOfAddress(location: Location, history: History): string | null {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1] ?? null;
  if (code) history.replaceState(history.state, '', location.pathname + location.search);
  return code;
}
