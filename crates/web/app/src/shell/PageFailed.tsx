import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { asRequestError } from '../api/problem';
import { Button } from '../ui/Button';
import { ProblemNote } from '../ui/ProblemNote';
import { NotFound } from './NotFound';

/** A page that could not be shown. The places around it still work. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const problem = asRequestError(error);
  // Without a session the sign-in page is on its way.
  if (problem.status === 401) return null;
  if (problem.status === 404) return <NotFound />;
  return (
    <div className="flex max-w-[60ch] flex-col items-start gap-4 p-6">
      <ProblemNote error={problem} />
      <Button
        look="act"
        onClick={() => {
          reset();
          void router.invalidate();
        }}
      >
        Try again
      </Button>
    </div>
  );
}
