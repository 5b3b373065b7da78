// A review at work: files beside their changes, comments between the lines, and how it ends below. Keys go through it.
import { lazy, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { isWriting, usePageKeys } from '../shell/keys';
import { isOpened } from '../shell/opened';
import { part } from '../ui/part';
import { say } from '../ui/toasts';
import type { DiffHandle, Shown } from './DiffView';
import { DraftNote } from './DraftNote';
import { Elsewhere, Missing } from './Elsewhere';
import { FileHeader, RepositoryHeader } from './FileHeader';
import { FileTree } from './FileTree';
import { type Ending, Finish } from './Finish';
import type { ReviewFile } from './files';
import { type Draft, begin, useKept, view } from './kept';
import { type ReviewNote, placed } from './notes';
import { type Lines, sameLines, textsAt } from './ranges';
import { Summary } from './Summary';
import { ThreadNote } from './ThreadNote';
import type { Reviewed } from './useReview';
import { headingId, useWalk } from './useWalk';

// As large as the rest of the page, which comes up without it: only whoever renders a review has to wait for it.
const DiffView = lazy(() => part(() => import('./DiffView')).then(({ DiffView }) => ({ default: DiffView<ReviewNote> })));

interface Props {
  reviewed: Reviewed;
  isSplit: boolean;
  isWide: boolean;
}

export function Review({ reviewed, isSplit, isWide }: Props) {
  const { detail, sections, forecasts, since, changedSince } = reviewed;
  const id = detail.task.id;
  const { drafts, viewed } = useKept(id);
  const files = useMemo(() => sections.flatMap((section) => section.files), [sections]);
  const diff = useRef<DiffHandle>(null);
  const [writing, setWriting] = useState<string | null>(null);
  const [ending, end] = useState<Ending | null>(null);
  const [refused, refuse] = useState<ReadonlyMap<string, string>>(new Map());
  /** Files that are folded or not against what being viewed says. */
  const [turned, turn] = useState<ReadonlySet<string>>(new Set());

  const notes = useMemo(
    () => placed(files, detail.threads, drafts, changedSince, since === 'all'),
    [files, detail.threads, drafts, since, changedSince],
  );
  const isViewed = useCallback((file: ReviewFile) => viewed.includes(markOf(file)), [viewed]);
  const items = useMemo(
    () =>
      sections.flatMap((section): Shown<ReviewNote>[] => [
        { is: 'heading', id: headingId(section.pull.repository) },
        ...section.files.map((file) => ({
          is: 'file' as const,
          id: file.id,
          file,
          folded: !hasLines(file) || isViewed(file) !== turned.has(file.id),
          notes: notes.at.get(file.id) ?? NONE,
        })),
      ]),
    [sections, notes, isViewed, turned],
  );

  const fileOf = (wanted: string | undefined) => files.find((file) => file.id === wanted);
  const unfold = (file: ReviewFile) => {
    if (isViewed(file) !== turned.has(file.id)) turn(toggled(turned, file.id));
  };
  const placeOf = (thread: number) => {
    for (const [id, all] of notes.at) {
      const note = all.find((each) => each.is === 'thread' && each.thread.id === thread);
      if (note) return { id, lines: note.lines };
    }
    return null;
  };
  const { at, chosen, choose, go, pass, settle, stepFile, stepChange } = useWalk({ files, diff, unfold, placeOf });

  const comment = (file: ReviewFile, lines: Lines | null) => {
    if (lines?.old && since === 'last') {
      say({ kind: 'problem', title: 'Not on these lines', detail: 'They are of the commit that you looked at last. Comment on the new ones, or look at all changes.' });
      return;
    }
    const there = drafts.find(({ place }) => place.repository === file.repository && place.path === file.path && sameLines(place.lines, lines));
    setWriting((there ?? begin(id, { repository: file.repository, path: file.path, lines })).id);
  };
  const toggleViewed = (file: ReviewFile) => {
    view(id, markOf(file), !isViewed(file));
    turn(new Set([...turned].filter((each) => each !== file.id)));
  };
  usePageKeys({
    j: () => stepFile(1),
    k: () => stepFile(-1),
    n: () => stepChange(1),
    p: () => stepChange(-1),
    c: () => {
      const file = fileOf(chosen?.id) ?? at ?? files[0];
      if (file) comment(file, chosen?.lines ?? null);
    },
    v: () => {
      const file = at ?? files[0];
      if (!file) return;
      const wasViewed = isViewed(file);
      toggleViewed(file);
      if (!wasViewed) stepFile(1);
    },
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isWriting(event.target) || isOpened()) return;
      if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      end('send');
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);

  // Nobody decides on commits that came while they looked at others.
  const heads = detail.pull_requests.map(({ head }) => head).join();
  const looked = useRef(heads);
  useEffect(() => {
    if (looked.current === heads) return;
    looked.current = heads;
    end(null);
    say({ kind: 'done', title: 'Newer commits are shown now' });
  }, [heads]);

  const note = (wanted: ReviewNote, file: ReviewFile | null) => {
    const lines = file && wanted.lines ? textsAt(file.file, wanted.lines) : null;
    if (wanted.is === 'thread')
      return (
        <ThreadNote
          key={wanted.key}
          thread={wanted.thread}
          review={detail.reviews.find(({ id }) => id === wanted.thread.review)}
          agent={detail.agent?.agent ?? null}
          lines={lines}
        />
      );
    const draft = drafts.find(({ id }) => id === wanted.draft.id);
    if (!draft) return null;
    return (
      <DraftNote
        key={wanted.key}
        task={id}
        draft={draft}
        isOpen={writing === draft.id}
        lines={lines}
        refused={refused.get(draft.id)}
        onOpen={(open) => setWriting(open ? draft.id : null)}
      />
    );
  };

  const left = files.filter((file) => !isViewed(file));
  const tree = <FileTree sections={sections} at={at?.id ?? null} isViewed={isViewed} onGo={go} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex min-h-0 flex-1">
        {isWide && (
          <nav aria-label="Files" className="w-64 shrink-0 overflow-y-auto border-r border-line">
            {tree}
          </nav>
        )}
        <DiffView
          ref={diff}
          items={items}
          split={isSplit}
          wrap={!isWide}
          headerHeight={matchMedia('(pointer: coarse)').matches ? 44 : 36}
          chosen={chosen}
          onChoose={choose}
          onChosen={({ id: wanted, lines }) => {
            const file = fileOf(wanted);
            if (!file) return;
            settle(file, lines);
            comment(file, lines);
          }}
          onTop={pass}
          top={() => (
            <>
              <Summary reviewed={reviewed} />
              {!isWide && (
                <details className="border-b border-line font-sans">
                  <summary className="flex min-h-11 cursor-pointer items-center gap-2 px-4">{files.length === 1 ? '1 file' : `${files.length} files`}</summary>
                  {tree}
                </details>
              )}
              <Elsewhere notes={notes.elsewhere} note={(each) => note(each, null)} />
              <Missing reviewed={reviewed} />
            </>
          )}
          heading={(wanted) => {
            const section = sections.find(({ pull }) => headingId(pull.repository) === wanted);
            if (!section) return null;
            return <RepositoryHeader section={section} forecast={forecasts?.find(({ repository }) => repository === section.pull.repository)} />;
          }}
          header={(file, isFolded) => (
            <FileHeader
              file={file}
              isFolded={isFolded}
              isViewed={isViewed(file)}
              onFold={() => turn(toggled(turned, file.id))}
              onView={() => toggleViewed(file)}
              onComment={() => {
                unfold(file);
                comment(file, null);
              }}
            />
          )}
          note={note}
        />
      </div>
      <Finish
        reviewed={reviewed}
        ending={ending}
        onEnding={end}
        onRefused={refuse}
        onGo={({ place }: Draft) => go(`${place.repository}/${place.path}`, place.lines)}
      >
        <button
          type="button"
          disabled={left.length === 0}
          onClick={() => left[0] && go(left[0].id)}
          className="text-dense text-muted underline decoration-line-strong underline-offset-4 enabled:hover:text-fg disabled:no-underline pointer-coarse:min-h-11"
        >
          {files.length - left.length} of {files.length} viewed
        </button>
      </Finish>
    </div>
  );
}

const NONE: ReviewNote[] = [];
const markOf = (file: ReviewFile) => `${file.id} ${file.mark}`;
const hasLines = ({ file: { content } }: ReviewFile) => content.content === 'text' && content.hunks.length > 0;

function toggled(set: ReadonlySet<string>, one: string): ReadonlySet<string> {
  return set.has(one) ? new Set([...set].filter((each) => each !== one)) : new Set([...set, one]);
}
