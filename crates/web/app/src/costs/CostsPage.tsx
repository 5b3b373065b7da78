// What agents have spent, by sprint, task, agent, model or day; each number leads to what is behind it.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { CostItem } from '../api/generated/team6.schemas';
import { COSTS_BY } from '../addresses';
import { projects } from '../api/queries';
import { SprintBudget } from '../budget/SprintBudget';
import { Page } from '../shell/Page';
import { buttonClass } from '../ui/Button';
import { Empty } from '../ui/Empty';
import { Filters, Select } from '../ui/Field';
import { ProblemNote } from '../ui/ProblemNote';
import { SkeletonRows } from '../ui/Skeleton';
import { Tabs } from '../ui/Tabs';
import { BOUNDS, dollars, tokens, tokensOf } from '../ui/money';
import { stopwatch } from '../ui/time';
import { Funds } from './Funds';
import { costs } from './queries';
import { Subject, behind } from './behind';

const route = getRouteApi('/shell/costs');

const DAY = 24 * 60 * 60 * 1_000;

export function CostsPage() {
  const search = route.useSearch();
  const { by = 'sprint', project, sprint, agent, since, until } = search;
  const navigate = route.useNavigate();
  const { data: known } = useQuery(projects);
  const { data, error } = useQuery(
    costs({
      by,
      ...(project ? { project } : {}),
      ...(sprint ? { sprint } : {}),
      ...(agent ? { agent } : {}),
      ...(since ? { since } : {}),
      ...(until ? { until } : {}),
    }),
  );
  const set = (more: Partial<typeof search>) => void navigate({ search: { ...search, ...more }, replace: true });
  const narrowed = sprint !== undefined || agent !== undefined || until !== undefined;
  return (
    <Page
      name="Costs"
      title={<h1 className="text-head font-semibold">Costs</h1>}
      actions={
        narrowed && (
          <Link to="/costs" search={{ by }} className="flex items-center text-dense text-muted underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:min-h-11">
            All of it
          </Link>
        )
      }
    >
      <div className="relative shrink-0 overflow-x-auto border-b border-line px-4 [scrollbar-width:none] max-desk:px-2">
        <Tabs
          label="Added up"
          tabs={COSTS_BY}
          current={by}
          link={(each, className, children) => (
            <Link from="/costs" search={(search) => ({ ...search, by: each })} replace className={className}>
              {children}
            </Link>
          )}
        />
      </div>
      <Filters label="Costs">
        <Select
          label="Project"
          value={project ?? ''}
          options={[['', 'all projects'], ...(known ?? []).map(({ id }) => id)]}
          onChoose={(id) => set({ project: id || undefined })}
        />
        <Select
          label="Since when"
          value={since === undefined ? '' : until === undefined ? String(Math.round((Date.now() - since) / DAY)) : 'one'}
          options={[
            ['', 'all the time'],
            ['1', 'the last day'],
            ['7', 'the last 7 days'],
            ['30', 'the last 30 days'],
            ...(until === undefined || since === undefined ? [] : [['one', new Date(since).toISOString().slice(0, 10)] as const]),
          ]}
          onChoose={(days) => set({ since: days === '' ? undefined : startOf(Number(days)), until: undefined })}
        />
        {sprint !== undefined && <span className="text-muted">of S-{sprint}</span>}
        {agent !== undefined && <span className="text-muted">of {agent}</span>}
      </Filters>
      {error ? (
        <div className="p-4">
          <ProblemNote error={error} />
        </div>
      ) : !data || !known ? (
        <SkeletonRows rows={10} label="Loading the costs" />
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto">
          {sprint !== undefined ? (
            <SprintBudget sprint={sprint} />
          ) : (
            known
              .filter(({ id }) => project === undefined || id === project)
              .map(({ id }) => <Funds key={id} project={id} />)
          )}
          {data.length === 0 ? (
            <Empty
              title="Nothing was spent"
              command="team6 sprint budget SPRINT"
              action={
                <Link to="/sprints" className={buttonClass('plain')}>
                  See the sprints
                </Link>
              }
            >
              What agents read, write and cost comes here with their first attempt. Prices for agents that tell none are set in the configuration,
              under [prices].
            </Empty>
          ) : (
            <Table by={by} items={data} search={search} />
          )}
        </div>
      )}
    </Page>
  );
}

/** Whole days, so that the address stays the same while one looks. */
function startOf(days: number): number {
  return Math.floor((Date.now() - days * DAY) / (DAY / 24)) * (DAY / 24);
}

const NUMBER = 'block text-right font-mono hover:underline max-desk:min-h-11 max-desk:leading-[44px]';

function Table({ by, items, search }: { by: (typeof COSTS_BY)[number]; items: readonly CostItem[]; search: Parameters<typeof behind>[2] }) {
  const sum = (of: (item: CostItem) => number) => items.reduce((all, item) => all + of(item), 0);
  // Of tasks the table itself is what was added up.
  const inAll = (told: string) =>
    by === 'task' ? (
      <span className="block text-right font-mono">{told}</span>
    ) : (
      <Link to="/costs" search={{ ...search, by: 'task' }} className={NUMBER}>
        {told}
      </Link>
    );
  const limited = items.some(({ spending }) => spending && Object.values(spending.budget).some((limit) => limit != null));
  return (
    <div tabIndex={0} role="region" aria-label={`Costs by ${by}`} className="overflow-x-auto">
      <table className="w-full desk:min-w-[560px]">
        <thead>
          <tr className="border-b border-line text-left text-dense text-faint *:px-4 *:py-1 *:font-normal max-desk:*:px-2 max-desk:*:first:pl-4 max-desk:*:last:pr-4">
            <th className="capitalize">{by}</th>
            <th className="text-right max-desk:hidden">Attempts</th>
            <th className="text-right">Tokens</th>
            <th className="text-right max-desk:hidden">Time</th>
            <th className="text-right">Cost</th>
            {limited && <th className="text-right">Left</th>}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => {
            const to = behind(by, item, search);
            return (
              <tr key={item.key} className="h-(--row) border-b border-line hover:bg-hover *:px-4 max-desk:*:px-2 max-desk:*:first:pl-4 max-desk:*:last:pr-4">
                <td className="max-w-80">
                  <Subject by={by} item={item} />
                </td>
                <td className="max-desk:hidden">
                  <Link {...to} className={NUMBER}>
                    {item.attempts}
                  </Link>
                </td>
                <td title={`${item.usage.input_tokens.toLocaleString('en')} read, ${item.usage.output_tokens.toLocaleString('en')} written`}>
                  <Link {...to} className={NUMBER}>
                    {tokens(tokensOf(item.usage))}
                  </Link>
                </td>
                <td className="max-desk:hidden">
                  <Link {...to} className={NUMBER}>
                    {stopwatch(item.time_ms)}
                  </Link>
                </td>
                <td>
                  <Link {...to} className={NUMBER}>
                    {dollars(item.usage.cost_micros)}
                  </Link>
                </td>
                {limited && <td className="text-right font-mono text-dense text-muted">{leftOf(item)}</td>}
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr className="h-(--row) font-semibold *:px-4 max-desk:*:px-2 max-desk:*:first:pl-4 max-desk:*:last:pr-4">
            <td>In all</td>
            <td className="max-desk:hidden">{inAll(String(sum(({ attempts }) => attempts)))}</td>
            <td>{inAll(tokens(sum(({ usage }) => tokensOf(usage))))}</td>
            <td className="max-desk:hidden">{inAll(stopwatch(sum(({ time_ms }) => time_ms)))}</td>
            <td>{inAll(dollars(sum(({ usage }) => usage.cost_micros)))}</td>
            {limited && <td />}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** What is left of each limit. */
function leftOf({ spending }: CostItem): string {
  if (!spending) return '';
  return BOUNDS.flatMap(({ field, say }) => {
    const limit = spending.budget[field];
    return limit == null ? [] : [say(Math.max(0, limit - spending.spent[field] - spending.reserved[field]))];
  }).join(', ');
}
