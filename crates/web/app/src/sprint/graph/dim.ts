// What is not looked at just now. It is apart from the tasks themselves, so that pointing at one draws again only what is
// on the screen, and not the hundreds beyond it.
import { createContext } from 'react';
import type { TaskId } from '../../api/generated/team6.schemas';

export const Dim = createContext<ReadonlySet<TaskId>>(new Set());
