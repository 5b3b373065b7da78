// What went wrong, in the server's words, with each reason by itself.
import { asRequestError } from '../api/problem';

export function ProblemNote({ error }: { error: unknown }) {
  const problem = asRequestError(error);
  return (
    <div role="alert" className="border-l-2 border-st-failed pl-3 text-body">
      <p className="font-medium">{problem.title}</p>
      <p className="text-muted">{problem.message}</p>
      {problem.reasons.length > 0 && (
        <ul className="mt-1 list-disc pl-4 text-muted">
          {problem.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
