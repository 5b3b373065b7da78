// Workers and queues: how much there is to do for each project, what is in hand, and what the machine has room for.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { QueueItem, Room } from '../api/generated/team6.schemas';
import { NoProject } from '../repos/NoProject';
import { Page } from '../shell/Page';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { SkeletonRows } from '../ui/Skeleton';
import { WorkList } from '../work/WorkList';
import { machine, queues, work } from '../work/queries';
import { COUNTS, type Count, isCounted } from '../work/states';

const route = getRouteApi('/shell/workers');

export function WorkersPage() {
  const { project, show } = route.useSearch();
  const { data: all } = useQuery(queues);
  const { data: items } = useQuery(work);
  const { data: room } = useQuery(machine);
  const shown = (items ?? []).filter(
    (item) => (project === undefined || item.project === project) && (show === undefined || isCounted(item, show)),
  );
  const narrowed = project !== undefined || show !== undefined;
  return (
    <Page
      name="Workers"
      title={<h1 className="text-head font-semibold">Workers and queues</h1>}
      actions={
        narrowed && (
          <Link to="/workers" search={{ project: undefined }} className="flex items-center text-dense text-muted underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:min-h-11">
            All of it
          </Link>
        )
      }
    >
      {!all || !items || !room ? (
        <SkeletonRows rows={10} label="Loading the queues" />
      ) : all.length === 0 ? (
        <NoProject>Each project has a queue and a worker of its own, so that none waits for another.</NoProject>
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto">
          <div className="flex flex-wrap gap-x-8 gap-y-1 border-b border-line bg-sunken px-4 py-2">
            {room.rooms.map((each) => (
              <RoomOf key={each.of} room={each} />
            ))}
            {room.lacking && <p className="text-st-failed">No further agent is started: {room.lacking}</p>}
          </div>
          <div tabIndex={0} role="region" aria-label="Queues" className="overflow-x-auto">
            <table className="w-full desk:min-w-[520px]">
              <thead>
                <tr className="border-b border-line text-left text-dense text-faint *:px-4 *:py-1 *:align-bottom *:font-normal max-desk:*:px-1.5 max-desk:*:first:pl-4 max-desk:*:last:pr-4">
                  <th>Project</th>
                  <th className="text-right">Agents at once</th>
                  <th className="text-right">Due</th>
                  <th className="text-right">Delayed</th>
                  <th className="text-right">In hand</th>
                  <th className="text-right">Stalled</th>
                </tr>
              </thead>
              <tbody>
                {all.map((queue) => (
                  <Queue key={queue.project} queue={queue} shown={project === queue.project ? (show ?? 'all') : null} />
                ))}
              </tbody>
            </table>
          </div>
          <h2 className="px-4 pt-4 pb-1 font-semibold">
            {show === undefined ? 'Not ended' : NAMES[show]}
            {project !== undefined && ` in ${project}`} <span className="ml-1 font-mono font-normal text-faint">{shown.length}</span>
          </h2>
          {shown.length === 0 ? (
            <div className="border-t border-line">
              <Empty
                title={narrowed ? 'Nothing is there now' : 'No agent works, and nothing waits for one'}
                command="team6 events --follow"
                action={
                  <Link to="/sprints" className={buttonClass('plain')}>
                    See the sprints
                  </Link>
                }
              />
            </div>
          ) : (
            <div className="border-t border-line">
              <WorkList items={shown} label="Attempts" />
            </div>
          )}
        </div>
      )}
    </Page>
  );
}

const NAMES: Record<Count, string> = { due: 'Due', delayed: 'Delayed', active: 'In hand', stalled: 'Stalled' };

function Queue({ queue, shown }: { queue: QueueItem; shown: Count | 'all' | null }) {
  const { project, concurrency, active } = queue;
  return (
    <tr className="h-(--row) border-b border-line *:px-4 max-desk:*:px-1.5 max-desk:*:first:pl-4 max-desk:*:last:pr-4">
      <td>
        <Link to="/workers" search={{ project }} aria-current={shown === 'all' || undefined} className="font-medium hover:underline max-desk:flex max-desk:min-h-11 max-desk:items-center">
          {project}
        </Link>
      </td>
      <td className="text-right font-mono text-muted" title={`${active} of ${concurrency} slots are in use`}>
        {active} of {concurrency}
      </td>
      {COUNTS.map((count) => (
        <td key={count} className="text-right">
          <Link
            to="/workers"
            search={{ project, show: count }}
            aria-current={shown === count || undefined}
            aria-label={`${queue[count]} ${NAMES[count].toLowerCase()} in ${project}`}
            className={`inline-flex min-w-7 justify-end rounded-sm px-1 font-mono hover:bg-hover aria-[current]:bg-hover max-desk:min-h-11 max-desk:min-w-11 max-desk:items-center ${
              queue[count] === 0 ? 'text-faint' : count === 'stalled' ? 'text-st-failed' : 'text-fg'
            }`}
          >
            {queue[count]}
          </Link>
        </td>
      ))}
    </tr>
  );
}

function RoomOf({ room: { of, free, wanted, setting } }: { room: Room }) {
  const mb = (bytes: number) => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
  const short = free != null && free < wanted;
  return (
    <p className="text-dense text-muted">
      <span className="capitalize">{of}</span>{' '}
      <span className={`font-mono ${short ? 'text-st-failed' : 'text-fg'}`}>{free == null ? 'not known' : `${mb(free)} free`}</span>, {mb(wanted)}{' '}
      kept free by{' '}
      <Link to="/settings" search={{ q: setting }} className="font-mono underline decoration-line-strong underline-offset-4 max-desk:inline-flex max-desk:min-h-11 max-desk:items-center">
        {setting}
      </Link>
    </p>
  );
}
