// What a task changes, by file, with its lines to unfold.
import { useQuery } from '@tanstack/react-query';
import type { ChangedFile, PullRequestItem, TaskDetail } from '../api/generated/team6.schemas';
import { changes } from '../api/queries';

/** How many lines of a file are shown. */
const MOST = 400;

export function Changes({ detail }: { detail: TaskDetail }) {
  return (
    <div className="flex flex-col gap-2">
      {detail.pull_requests.map((pull) => (
        <Repository key={pull.repository} detail={detail} pull={pull} />
      ))}
    </div>
  );
}

function Repository({ detail, pull }: { detail: TaskDetail; pull: PullRequestItem }) {
  const { data } = useQuery(changes(detail.task.id, pull.repository, pull.head));
  const name = `${pull.repository}${pull.number == null ? '' : ` #${pull.number}`}`;
  return (
    <section aria-label={`Changes in ${pull.repository}`}>
      <h3 className="flex items-baseline gap-2 font-mono text-dense text-muted">
        {name} <span className="text-faint">{pull.head.slice(0, 10)}</span>
      </h3>
      <ul className="mt-1 border-t border-line">
        {(data?.files ?? []).map((file) => (
          <li key={file.new ?? file.old} className="border-b border-line">
            <File file={file} />
          </li>
        ))}
      </ul>
      {data?.truncated && <p className="text-dense text-faint">More is changed than is shown here.</p>}
    </section>
  );
}

function File({ file }: { file: ChangedFile }) {
  const name = file.new ?? file.old ?? '';
  const lines = file.content.content === 'text' ? file.content.hunks.flatMap((hunk) => hunk.lines) : [];
  return (
    <details>
      <summary className="flex h-7 cursor-pointer items-center gap-2 font-mono text-dense pointer-coarse:h-11">
        <span className="min-w-0 flex-1 truncate" title={name}>
          {name}
        </span>
        <span className="text-faint">{file.change}</span>
        <span>+{file.additions}</span>
        <span>−{file.deletions}</span>
      </summary>
      {file.content.content === 'binary' ? (
        <p className="pb-2 text-dense text-faint">It is not text.</p>
      ) : (
        <pre tabIndex={0} aria-label={name} className="mb-2 max-h-80 overflow-auto bg-sunken py-1 font-mono text-meta">
          {lines.slice(0, MOST).map((line, at) => (
            <div key={at} className={line.kind === 'added' ? 'bg-accent-soft' : line.kind === 'deleted' ? 'text-faint line-through' : ''}>
              <span className="inline-block w-4 pl-1 select-none">{MARK[line.kind]}</span>
              {line.text.slice(0, 2_000)}
            </div>
          ))}
          {lines.length > MOST && <div className="pl-4 text-faint">{lines.length - MOST} more lines</div>}
        </pre>
      )}
    </details>
  );
}

const MARK = { added: '+', deleted: '−', context: ' ' } as const;
