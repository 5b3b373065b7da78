// How the generated client asks the server: by the session's cookie, for the person of this browser, with every refusal
// as a `RequestError`.
import { offline, problemOf } from './problem';
import { actingPerson } from './person';

/** Called when the server no longer knows this browser. */
let signedOut: () => void = () => {};

export function onSignedOut(listener: () => void) {
  signedOut = listener;
}

export async function request<T>(url: string, options: RequestInit = {}): Promise<T> {
  const headers = new Headers(options.headers);
  const person = actingPerson();
  if (person) headers.set('Team6-Person', person);
  let response: Response;
  try {
    response = await fetch(url, { ...options, headers, credentials: 'same-origin' });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw offline();
  }
  if (response.status === 401 && !url.endsWith('/sign-in')) signedOut();
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as T;
  const kind = response.headers.get('content-type') ?? '';
  return (kind.includes('json') ? await response.json() : await response.text()) as T;
}
