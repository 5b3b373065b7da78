import { createContext, useCallback, useContext } from 'react';
import type { Draft } from './draft';
import { type Field, type Task, withField } from './model';

/** The draft that the lines of an outline edit. */
export const DraftContext = createContext<Draft | null>(null);

/** Sets a field of a task of the draft. */
export function useEditTask(key: string) {
  const draft = useContext(DraftContext);
  return useCallback(
    <F extends Field>(field: F, value: Task[F]) => draft?.edit((plan) => withField(plan, key, field, value)),
    [draft, key],
  );
}
