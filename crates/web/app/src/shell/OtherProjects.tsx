import { Link } from '@tanstack/react-router';

/** What a list leaves out because one project is looked at; it leads back to all of them. */
export function OtherProjects({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <Link
      to="."
      search={(now) => ({ ...now, project: undefined })}
      className="flex items-center text-dense text-muted underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:min-h-11"
    >
      {count} in other projects
    </Link>
  );
}
