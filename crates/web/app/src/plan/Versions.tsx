// Every version of the plan: who saved it, what it changed, how it differs from the newest one, and the way back to it.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { restorePlan } from '../api/generated/team6';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Age } from '../ui/Age';
import { Button } from '../ui/Button';
import { SkeletonRows } from '../ui/Skeleton';
import { Writes } from '../wait/Writes';
import type { Draft } from './draft';
import { Pieces } from './Pieces';
import { piecesOf } from './pieces';
import { planVersion, planVersions } from './queries';

interface Props {
  detail: SprintDetail;
  draft: Draft;
  /** The one that is compared. */
  version: number | undefined;
}

export function Versions({ detail, draft, version }: Props) {
  const { id } = detail.sprint;
  const newest = detail.plan?.version ?? 0;
  const { data } = useQuery(planVersions(id, newest, detail.approval?.version ?? 0));
  if (!data) return <SkeletonRows rows={5} label="Loading the versions" />;
  return (
    <ol aria-label="Versions" reversed>
      {[...data].reverse().map((each) => (
        <li key={each.version} className="border-b border-line">
          <Link
            from="/plan/$sprint/$step"
            search={{ panel: 'versions', ...(each.version === version ? {} : { version: each.version }) }}
            replace
            aria-current={each.version === version || undefined}
            className="block px-4 py-2 hover:bg-hover aria-[current]:bg-hover"
          >
            <span className="flex items-baseline gap-2">
              <span className="font-medium">Version {each.version}</span>
              <span className="text-dense text-muted">{each.by.name}</span>
              {each.approved && <span className="text-dense text-muted">approved</span>}
              <Age since={each.at} className="ml-auto font-mono text-dense text-faint" />
            </span>
            <span className="block text-dense break-words text-muted">{each.note}</span>
          </Link>
          {each.version === version && <Compared sprint={id} version={version} newest={newest} draft={draft} />}
        </li>
      ))}
    </ol>
  );
}

function Compared({ sprint, version, newest, draft }: { sprint: number; version: number; newest: number; draft: Draft }) {
  const { data } = useQuery(planVersion(sprint, version));
  const from = useRef(0);
  const restore = useCommand({
    run: async (to: number, options) => {
      // What was typed is a version of its own before another takes its place.
      await draft.flush();
      from.current = draft.base.version;
      return restorePlan(sprint, { version: to }, options);
    },
    done: (to) => `Version ${to} is the newest again`,
    undo: () => restore.mutate(from.current),
  });
  if (version === newest) return <p className="px-4 pb-3 text-dense text-faint">This is the newest one.</p>;
  if (!data) return <SkeletonRows rows={2} label="Loading the version" />;
  return (
    <section aria-label={`From version ${version} to ${newest}`}>
      <div className="flex items-center gap-2 px-4 pb-2">
        <p className="flex-1 text-dense text-muted">What has changed since:</p>
        <Writes>
          <Button disabled={restore.isPending} onClick={() => restore.mutate(version)}>
            Restore version {version}
          </Button>
        </Writes>
      </div>
      <Pieces pieces={piecesOf(data.plan, draft.base.plan)} plan={draft.plan} />
    </section>
  );
}
