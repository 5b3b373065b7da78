// Asks the server to do something, once, however often the request is sent; says what came of it.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { say } from '../ui/toasts';
import { type RequestError, asRequestError } from './problem';

interface Command<V> {
  /** What is asked; the options carry the key by which the server knows a repeated request. */
  run: (variables: V, options: RequestInit) => Promise<unknown>;
  /** What is said when it is done, such as `Approved`. Nothing, if the page shows it by itself. */
  done?: string | ((variables: V) => string);
  /** The way back, where there is one. */
  undo?: (variables: V) => void;
  onDone?: (variables: V) => void;
  /** The place of the command shows its refusal itself. */
  quiet?: boolean;
}

/** What an order may change. */
const CHANGED = new Set(['inbox', 'sprints', 'sprint', 'task', 'forecast']);

export function useCommand<V = void>({ run, done, undo, onDone, quiet }: Command<V>) {
  const client = useQueryClient();
  const unanswered = useRef<{ asked: string; key: string } | null>(null);
  return useMutation<unknown, RequestError, V>({
    mutationFn: async (variables) => {
      // Whoever asks for the same again because no answer came asks for one thing, not for two.
      const asked = JSON.stringify(variables) ?? '';
      const key = unanswered.current?.asked === asked ? unanswered.current.key : newKey();
      unanswered.current = { asked, key };
      try {
        const answer = await carryOut((options) => run(variables, options), key);
        unanswered.current = null;
        return answer;
      } catch (error) {
        if (!asRequestError(error).isPassing) unanswered.current = null;
        throw error;
      }
    },
    onSuccess: (_answer, variables) => {
      // What it changed is fetched at once; the live stream brings the rest.
      void client.invalidateQueries({ predicate: ({ queryKey }) => CHANGED.has(String(queryKey[0])) });
      const title = typeof done === 'function' ? done(variables) : done;
      if (title) say({ kind: 'done', title, ...(undo ? { undo: () => undo(variables), sends: true } : {}) });
      onDone?.(variables);
    },
    onError: (error) => {
      const problem = asRequestError(error);
      if (!quiet) say({ kind: 'problem', title: problem.title, detail: problem.message });
    },
  });
}

/** The options of a further request of the same command: the server knows every request by a key of its own. */
export function further(options: RequestInit, request: string): RequestInit {
  const headers = new Headers(options.headers);
  headers.set('Idempotency-Key', `${headers.get('Idempotency-Key')}-${request}`);
  return { ...options, headers };
}

/** A request whose answer was lost is sent again under the same key, so that it is carried out once. */
export async function carryOut<T>(run: (options: RequestInit) => Promise<T>, key = newKey()): Promise<T> {
  const options = { headers: { 'Idempotency-Key': key } };
  try {
    return await run(options);
  } catch (error) {
    if (!asRequestError(error).isPassing) throw error;
    await new Promise((over) => setTimeout(over, 500));
    return run(options);
  }
}

/** `crypto.randomUUID` is there on secure origins only, and a server in a local network is none. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
