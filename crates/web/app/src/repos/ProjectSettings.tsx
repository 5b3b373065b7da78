// What a project's people set: how many of its agents work at once, and whether work in review follows its base.
import { useQueryClient } from '@tanstack/react-query';
import { updateProject } from '../api/generated/team6';
import type { Project, UpdateProjectRequest } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Select } from '../ui/Field';
import { Writes } from '../wait/Writes';

const MOST = 32;

export function ProjectSettings({ project }: { project: Project }) {
  const client = useQueryClient();
  const renew = () => void client.invalidateQueries({ queryKey: ['projects'] });
  const follows = project.update_branches ?? true;
  const back = useCommand({
    run: (_: void, options) => updateProject(project.id, { concurrency: project.concurrency, update_branches: follows }, options),
    done: 'As it was',
    onDone: renew,
  });
  const set = useCommand({
    run: (changed: UpdateProjectRequest, options) => updateProject(project.id, changed, options),
    done: 'Changed',
    undo: () => back.mutate(),
    onDone: renew,
  });
  const numbers = Array.from({ length: Math.max(MOST, project.concurrency) }, (_, at) => String(at + 1));
  return (
    <Writes>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-1 px-4 py-2 text-dense text-muted">
        <span className="flex items-center gap-2">
          <span aria-hidden>Agents at once</span>
          <Select
            label={`Agents of ${project.id} at once`}
            value={String(project.concurrency)}
            options={numbers}
            onChoose={(value) => set.mutate({ concurrency: Number(value) })}
          />
        </span>
        <label className="flex items-center gap-2 max-desk:min-h-11">
          <input
            type="checkbox"
            checked={follows}
            onChange={(event) => set.mutate({ update_branches: event.target.checked })}
            className="size-4 accent-(--accent)"
          />
          Work in review follows when its base moves
        </label>
      </div>
    </Writes>
  );
}
