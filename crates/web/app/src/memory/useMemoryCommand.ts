// What is done to a memory can be taken back, so it shows at once; what the server refuses is put back, and said.
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import type { Memory } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';

interface Step {
  run: (options: RequestInit) => Promise<unknown>;
  /** How the memory is from now on. */
  shown: Partial<Memory>;
}

interface Change<V> {
  memory: Memory;
  step: (variables: V) => Step;
  /** The way back, where there is one. */
  back?: (before: Memory) => Step;
  /** What is said when it is done, by how the memory was. */
  done: string | ((before: Memory) => string);
  onDone?: () => void;
}

export function useMemoryCommand<V = void>({ memory, step, back, done, onDone }: Change<V>) {
  const client = useQueryClient();
  // As it was when the command was given: what is shown meanwhile is how it is after it.
  const before = useRef(memory);
  const take = async ({ run, shown }: Step, options: RequestInit) => {
    const restore = show(client, memory.id, shown);
    try {
      await run(options);
    } catch (error) {
      restore();
      throw error;
    } finally {
      void client.invalidateQueries({ queryKey: ['memories'] });
      void client.invalidateQueries({ queryKey: ['memory'] });
    }
  };
  const undo = useCommand({ run: (before: Memory, options) => (back ? take(back(before), options) : Promise.resolve()) });
  return useCommand<V>({
    run: (variables, options) => {
      before.current = memory;
      return take(step(variables), options);
    },
    done: () => (typeof done === 'function' ? done(before.current) : done),
    ...(back ? { undo: () => undo.mutate(before.current) } : {}),
    ...(onDone ? { onDone } : {}),
  });
}

/** Shows a memory otherwise wherever it is known; gives the way back. */
function show(client: QueryClient, id: number, shown: Partial<Memory>): () => void {
  const lists = client.getQueriesData<Memory[]>({ queryKey: ['memories'] });
  const ones = client.getQueriesData<Memory>({ queryKey: ['memory'] });
  for (const [key, list] of lists) if (list) client.setQueryData(key, list.map((each) => (each.id === id ? { ...each, ...shown } : each)));
  for (const [key, one] of ones) if (one?.id === id) client.setQueryData(key, { ...one, ...shown });
  return () => {
    for (const [key, data] of [...lists, ...ones]) client.setQueryData(key, data);
  };
}
