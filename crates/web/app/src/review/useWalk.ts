// Where somebody is in a review, and how they go on: file by file, change by change. The address goes along.
import { getRouteApi } from '@tanstack/react-router';
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import type { Chosen, DiffHandle } from './DiffView';
import { type ReviewFile, step } from './files';
import { type Lines, addressOf, changesIn, linesAt, sameLines } from './ranges';

const route = getRouteApi('/shell/tasks/$task/review');

/** The heading of a repository in the list of files. */
export const headingId = (repository: string) => `in ${repository}`;

interface Walk {
  files: readonly ReviewFile[];
  diff: RefObject<DiffHandle | null>;
  unfold: (file: ReviewFile) => void;
  /** Where a thread stands, if it stands between lines that are shown. */
  placeOf: (thread: number) => { id: string; lines: Lines | null } | null;
}

export function useWalk({ files, diff, unfold, placeOf }: Walk) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [at, setAt] = useState<string | null>(null);
  const [chosen, choose] = useState<Chosen | null>(null);
  const changes = useMemo(() => files.flatMap((file) => changesIn(file.file).map((lines) => ({ id: file.id, lines }))), [files]);

  const fileOf = (wanted: string | null) => files.find((file) => file.id === wanted);
  const tell = (file: ReviewFile, lines: Lines | null) =>
    void navigate({
      search: ({ view, since }) => ({ view, since, repository: file.repository, file: file.path, ...addressOf(lines) }),
      replace: true,
    });
  const go = (wanted: string, lines: Lines | null = null) => {
    const file = fileOf(wanted);
    if (!file) return;
    setAt(wanted);
    choose(lines ? { id: wanted, lines } : null);
    if (lines) unfold(file);
    tell(file, lines);
    diff.current?.show(wanted, lines);
  };

  // The address names a file and lines of it, or a thread: that is where one begins, and is brought by a link.
  const { repository, file: path, thread } = search;
  const isBegun = useRef(false);
  useEffect(() => {
    if (isBegun.current && thread === undefined) return;
    isBegun.current = true;
    const place = thread === undefined ? null : placeOf(thread);
    const wanted = files.find(
      (file) => file.id === place?.id || (path !== undefined && file.path === path && (repository ?? file.repository) === file.repository),
    );
    if (!wanted) return repository === undefined ? undefined : diff.current?.show(headingId(repository));
    const lines = place ? place.lines : linesAt(search);
    setAt(wanted.id);
    if (lines) choose({ id: wanted.id, lines });
    if (place || lines) unfold(wanted);
    diff.current?.show(wanted.id, lines);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- with what was there first, and when a thread is asked for
  }, [thread]);

  return {
    at: fileOf(at) ?? null,
    chosen,
    choose,
    go,
    /** The file at the upper edge. */
    pass: setAt,
    /** Lines were chosen by pointer. */
    settle(file: ReviewFile, lines: Lines) {
      setAt(file.id);
      tell(file, lines);
    },
    stepFile(by: 1 | -1) {
      const next = step(files, at, by);
      if (next) go(next.id);
    },
    stepChange(by: 1 | -1) {
      const place = changes.findIndex((each) => each.id === chosen?.id && sameLines(each.lines, chosen.lines));
      const from = place < 0 ? changes.findIndex((each) => each.id === at) - (by > 0 ? 1 : 0) : place;
      const next = changes[Math.max(0, Math.min(changes.length - 1, from + by))];
      if (next) go(next.id, next.lines);
    },
  };
}
