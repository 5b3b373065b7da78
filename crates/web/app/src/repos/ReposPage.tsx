// Projects and their repositories: where each is, which branch it is merged to, and what is run on each delivery.
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { Project, Repository } from '../api/generated/team6.schemas';
import { projects } from '../api/queries';
import { shown } from '../review/names';
import { Inspector } from '../shell/Inspector';
import { OtherProjects } from '../shell/OtherProjects';
import { Page } from '../shell/Page';
import { buttonClass } from '../ui/Button';
import { SkeletonRows } from '../ui/Skeleton';
import { useChosen } from '../ui/useChosen';
import { AddProject } from './AddProject';
import { ChecksTogether } from './ChecksTogether';
import { Connect } from './Connect';
import { NoProject } from './NoProject';
import { OneRepository } from './OneRepository';
import { ProjectSettings } from './ProjectSettings';

const route = getRouteApi('/shell/repos');

export function ReposPage() {
  const { repo, connect, add, project: only } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: known } = useQuery(projects);
  const all = only === undefined ? known : known?.filter(({ id }) => id === only);
  const rows = (all ?? []).flatMap((project) => Object.values(project.repositories).map((repository) => ({ project, repository })));
  const choose = (id: string | undefined) => void navigate({ search: id ? { repo: id } : {}, replace: repo !== undefined });
  useChosen(
    rows.map(({ repository }) => repository.id),
    repo,
    choose,
  );
  // What the address names is there, whichever project is looked at.
  const has = ({ repositories }: Project) => repo !== undefined && Object.hasOwn(repositories, repo);
  const owner = all?.find(has) ?? known?.find(has);
  const opened = repo === undefined ? undefined : owner?.repositories[repo];
  const to = known?.find(({ id }) => id === connect);
  return (
    <Page
      name="Repositories"
      title={
        <h1 className="text-head font-semibold">
          Repositories <span className="ml-1 font-mono font-normal text-faint">{all ? rows.length : ''}</span>
        </h1>
      }
      actions={
        <>
          <OtherProjects count={(known?.length ?? 0) - (all?.length ?? 0)} />
          <Link to="/repos" search={{ add: true }} className={buttonClass('plain')}>
            New project
          </Link>
        </>
      }
      inspector={
        owner && opened ? (
          <Inspector label="Repository" title={<h2 className="truncate font-mono font-semibold">{opened.id}</h2>} onClose={() => choose(undefined)}>
            <OneRepository key={opened.id} project={owner} repository={opened} onGone={() => choose(undefined)} />
          </Inspector>
        ) : add ? (
          <Inspector label="New project" title={<h2 className="truncate font-semibold">A new project</h2>} onClose={() => choose(undefined)}>
            <AddProject onAdded={(id) => void navigate({ search: { connect: id, project: undefined }, replace: true })} />
          </Inspector>
        ) : (
          to && (
            <Inspector label="Connect" title={<h2 className="truncate font-semibold">A repository for {to.id}</h2>} onClose={() => choose(undefined)}>
              <Connect key={to.id} project={to.id} onDone={choose} />
            </Inspector>
          )
        )
      }
    >
      {!known || !all ? (
        <SkeletonRows rows={8} label="Loading the repositories" />
      ) : known.length === 0 ? (
        <NoProject>A project has repositories, a queue and a memory. Make one, and connect what its sprints are about.</NoProject>
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto">
          {all.map((project) => (
            <OneProject key={project.id} project={project} chosen={repo} onChoose={choose} />
          ))}
        </div>
      )}
    </Page>
  );
}

function OneProject({ project, chosen, onChoose }: { project: Project; chosen: string | undefined; onChoose: (id: string) => void }) {
  const repositories = Object.values(project.repositories);
  return (
    <section aria-label={`Project ${project.id}`} className="border-b border-line">
      <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 bg-sunken px-4 py-1">
        <h2 className="font-semibold">
          {project.title} <span className="ml-1 font-mono text-dense font-normal text-faint">{project.id}</span>
        </h2>
        <Link to="/repos" search={{ connect: project.id }} className={`ml-auto ${buttonClass('plain')}`}>
          Connect a repository
        </Link>
      </div>
      <ProjectSettings project={project} />
      {repositories.length === 0 ? (
        <p className="border-t border-line px-4 py-3 text-muted">
          No repository is connected, so nothing can be planned. On the command line:{' '}
          <code className="font-mono">team6 repo add {project.id} PATH_OR_URL</code>
        </p>
      ) : (
        <ul aria-label={`Repositories of ${project.id}`}>
          {repositories.map((repository) => (
            <Row key={repository.id} project={project} repository={repository} chosen={repository.id === chosen} onChoose={onChoose} />
          ))}
        </ul>
      )}
      {repositories.length > 1 && <ChecksTogether project={project} />}
    </section>
  );
}

interface RowProps {
  project: Project;
  repository: Repository;
  chosen: boolean;
  onChoose: (id: string) => void;
}

function Row({ project, repository: { id, origin, branch, merge_method: method }, chosen, onChoose }: RowProps) {
  const checks = project.checks?.[id]?.length ?? 0;
  const files = Object.keys(project.local_files?.[id] ?? {}).length;
  return (
    <li className="border-t border-line">
      <button
        type="button"
        aria-current={chosen || undefined}
        onClick={() => onChoose(id)}
        className="flex min-h-(--row) w-full items-center gap-3 px-4 py-1 text-left hover:bg-hover aria-[current]:bg-hover max-desk:flex-wrap max-desk:gap-y-0"
      >
        <span className="w-40 shrink-0 truncate font-mono font-medium">{id}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-dense text-muted max-desk:order-last max-desk:basis-full">{shown(origin)}</span>
        <span className="max-w-40 shrink-0 truncate font-mono text-dense">{shown(branch)}</span>
        <span className="w-16 shrink-0 text-dense text-muted max-desk:hidden">{method}</span>
        <span className="w-20 shrink-0 text-right text-dense text-muted">
          {checks} {checks === 1 ? 'check' : 'checks'}
        </span>
        <span className="w-24 shrink-0 text-right text-dense text-muted max-desk:hidden">
          {files} local {files === 1 ? 'file' : 'files'}
        </span>
      </button>
    </li>
  );
}
