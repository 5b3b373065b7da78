// Where the app begins: the live stream first, so that nothing is missed between it and what pages fetch.
import { QueryClient, QueryClientProvider, onlineManager } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { asRequestError } from './api/problem';
import { onSignedOut } from './api/request';
import { signInByLink } from './api/session';
import { setConnection } from './live/connection';
import { join, reconnect } from './live/link';
import { makeRouter } from './routes';
import { heedKeys } from './shell/keys';
import { followSystem } from './ui/appearance';
import './ui/app.css';

// Whether the server can be reached is told by the live stream; it may stand in this room, and need no internet.
onlineManager.setEventListener(() => undefined);

const began = Date.now();
const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The live stream says when something changed.
      staleTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && asRequestError(error).isPassing,
    },
  },
});

const router = makeRouter(client);

const isIn = () => router.state.location.pathname !== '/sign-in';
const toSignIn = () => {
  if (isIn()) void router.navigate({ to: '/sign-in', search: { to: router.state.location.href }, replace: true });
};
onSignedOut(toSignIn);

/** The live stream stands before pages fetch, so that nothing is missed between the two. */
function followServer() {
  let wasConnected = false;
  // What it does comes after the first paint, in the order in which it was told.
  const renewal = import('./live/renewal').then(({ Renewal }) => new Renewal(client));
  const renewAll = () => void renewal.then((renewal) => renewal.all());
  join({
    connection: (connected, since) => {
      setConnection(connected, since);
      // What was fetched before the stream stood may have changed before it.
      if (connected && !wasConnected && since > began) renewAll();
      else if (connected) {
        void renewal.then((renewal) => renewal.missed());
        if (router.state.matches.some(({ status }) => status === 'error')) void router.invalidate();
      }
      wasConnected ||= connected;
    },
    signedOut: toSignIn,
    reset: renewAll,
    events: (events) => void renewal.then((renewal) => renewal.events(events)),
  });
  // The hub of other tabs may have been sent away before this browser signed in.
  reconnect();
}

followSystem();
heedKeys(isIn, (to) => void router.navigate({ to }));

async function begin() {
  // Before anything is asked for, which would lead to the sign-in page.
  await signInByLink();
  followServer();
  const root = document.getElementById('root');
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

void begin();
