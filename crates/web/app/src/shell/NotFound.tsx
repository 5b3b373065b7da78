import { Empty } from '../ui/Empty';
import { Link } from '@tanstack/react-router';
import { buttonClass } from '../ui/Button';

export function NotFound() {
  return (
    <Empty
      title="There is nothing here"
      command="team6 inbox"
      action={
        <Link to="/inbox" className={buttonClass('act')}>
          To the inbox
        </Link>
      }
    >
      The address names nothing that this server knows.
    </Empty>
  );
}
