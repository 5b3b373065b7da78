import { useLostSince } from '../live/connection';

/** Rows of the height that they will have, so that nothing moves when they come. */
export function SkeletonRows({ rows, label }: { rows: number; label: string }) {
  const isLost = useLostSince() !== null;
  return (
    <div role="status" aria-label={label}>
      {isLost && <p className="px-4 py-2 text-muted">Not loaded yet. It comes as soon as the server answers.</p>}
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-(--row) items-center gap-3 border-b border-line px-4">
          <span className="size-3.5 rounded-full bg-hover" />
          <span className="h-2.5 rounded-sm bg-hover" style={{ width: `${28 + ((row * 17) % 40)}%` }} />
        </div>
      ))}
    </div>
  );
}
