// How a browser gets in: by the link that `team6 open` prints, or with the token.
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { refusedLink, signIn } from '../api/session';
import { people } from '../api/queries';
import { reconnect } from '../live/link';
import { Button } from '../ui/Button';
import { ProblemNote } from '../ui/ProblemNote';
import { open } from './opened';

export function SignIn() {
  const { to } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const client = useQueryClient();
  const [token, setToken] = useState('');
  const [error, setError] = useState<unknown>(refusedLink);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Team6';
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn({ token: token.trim() });
      client.clear();
      reconnect();
      // The token says nothing about who has it.
      if ((await client.fetchQuery(people)).length > 1) open('person');
      // Only to a page of our own.
      await navigate({ href: to?.startsWith('/') && !to.startsWith('//') ? to : '/inbox', replace: true });
    } catch (refused) {
      setError(refused);
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="mx-auto flex min-h-full max-w-[420px] flex-col justify-center gap-5 px-5 py-10">
      <div className="flex items-center gap-2.5">
        <img src="/favicon.svg" alt="" width={28} height={28} />
        <h1 className="text-large font-semibold">Sign in to Team6</h1>
      </div>
      <p className="text-muted">
        Run <code className="font-mono text-fg">team6 open</code> on the server's machine. It opens this page with a link
        that is good for a minute and once.
      </p>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-2 border-t border-line pt-5">
        <label htmlFor="token">Or paste the server's token</label>
        <input
          id="token"
          type="password"
          autoComplete="current-password"
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
          className="h-9 rounded-md border border-line-strong bg-surface px-2.5 font-mono max-desk:h-11"
        />
        <p className="text-dense text-faint">
          Its file is named when <code className="font-mono">team6 up</code> starts. It is not kept in this browser.
        </p>
        {error !== null && <ProblemNote error={error} />}
        <Button look="act" type="submit" disabled={busy || token.trim() === ''} className="mt-2 h-9 self-start px-4">
          {busy ? 'Signing in' : 'Sign in'}
        </Button>
      </form>
    </main>
  );
}
