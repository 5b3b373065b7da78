import { BaseEdge, type EdgeProps } from '@xyflow/react';
import { memo, useContext } from 'react';
import { cx } from '../../ui/cx';
import { Dim } from './dim';
import { NODE } from './layout';

/** How far the line swings out at the right of the tasks, which mostly stand in one column. */
const SWING = 48;

/** Two tasks whose open branches conflict. */
export const Conflict = memo(function Conflict({ source, target, sourceX, sourceY, targetX, targetY, data }: EdgeProps) {
  const dim = useContext(Dim);
  const isDim = dim.has(Number(source)) || dim.has(Number(target));
  // Edges end at the left of a task; this one begins and ends at the right.
  const end = targetX + NODE.width;
  const path = `M${sourceX},${sourceY} C${sourceX + SWING},${sourceY} ${end + SWING},${targetY} ${end},${targetY}`;
  return (
    <g>
      <title>{String(data?.text ?? '')}</title>
      <BaseEdge path={path} className={cx('conflict', isDim && 'dim')} />
    </g>
  );
});
