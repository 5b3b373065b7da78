import { BaseEdge, type EdgeProps, getBezierPath } from '@xyflow/react';
import { memo, useContext } from 'react';
import { Dim } from './dim';

/** What one task waits for. */
export const Dependency = memo(function Dependency({ source, target, ...place }: EdgeProps) {
  const dim = useContext(Dim);
  const [path] = getBezierPath(place);
  const isDim = dim.has(Number(source)) || dim.has(Number(target));
  return <BaseEdge path={path} className={isDim ? 'dim' : undefined} />;
});
