import { SkeletonRows } from '../ui/Skeleton';

export function PagePending() {
  return (
    <div className="h-full overflow-hidden">
      <div className="h-(--bar) border-b border-line" />
      <SkeletonRows rows={12} label="Loading" />
    </div>
  );
}
