import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';

/** What a page shows before there is any project; what projects are for stands in it. */
export function NoProject({ children }: { children: ReactNode }) {
  return (
    <Empty
      title="There is no project yet"
      command="team6 project add NAME"
      action={
        <Link to="/repos" search={{ add: true }} className={buttonClass('act')}>
          New project
        </Link>
      }
    >
      {children}
    </Empty>
  );
}
