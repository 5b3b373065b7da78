// Signing in: a one-time code from `team6 open`, or the token, becomes a cookie that scripts cannot read.
import { request } from './request';

export type Credential = { code: string } | { token: string };

const URL = '/api/v1/session';

export function signIn(credential: Credential): Promise<void> {
  return request(URL, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(credential),
  });
}

export function signOut(): Promise<void> {
  return request(URL, { method: 'DELETE' });
}

/** Takes the code out of the address, where `team6 open` puts it, so that it is neither kept nor shown. */
export function codeOfAddress(location: Location, history: History): string | null {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1] ?? null;
  if (code) history.replaceState(history.state, '', location.pathname + location.search);
  return code;
}
