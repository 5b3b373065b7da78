// The one place that knows `@pierre/diffs`: files in one list, of which only what is seen is laid out, with lines that are
// coloured by workers. What stands between the lines, and above each file, is given by whoever shows it.
import {
  type CodeViewDiffItem,
  type CodeViewItem,
  type CodeViewLineSelection,
  type DiffLineAnnotation,
  type FileDiffMetadata,
  getFiletypeFromFileName,
  processFile,
  registerCustomTheme,
} from '@pierre/diffs';
import { CodeView, type CodeViewHandle, WorkerPoolContextProvider } from '@pierre/diffs/react';
import DiffWorker from '@pierre/diffs/worker/worker.js?worker';
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useMemo, useRef } from 'react';
import type { ChangedFile } from '../api/generated/team6.schemas';
import { asUnified } from './asDiff';
import type { ReviewFile } from './files';
import { colourable } from './languages';
import { type Lines, draggedOf, linesOf } from './ranges';
import { themeOf } from './theme';

registerCustomTheme('team6-dark', async () => themeOf('dark'));
registerCustomTheme('team6-light', async () => themeOf('light'));
const THEME = { dark: 'team6-dark', light: 'team6-light' };

/** Something that stands below a line, or above the first one. */
export interface Note {
  key: string;
  lines: Lines | null;
}

/** A heading of its own, or a file. */
export type Shown<N extends Note> =
  | { is: 'heading'; id: string }
  | { is: 'file'; id: string; file: ReviewFile; folded: boolean; notes: readonly N[] };

export interface Chosen {
  id: string;
  lines: Lines;
}

export interface DiffHandle {
  /** Brings a file, or lines of it, into sight. */
  show: (id: string, lines?: Lines | null) => void;
}

interface Props<N extends Note> {
  items: readonly Shown<N>[];
  split: boolean;
  /** Long lines go on below instead of being moved sideways. */
  wrap: boolean;
  headerHeight: number;
  chosen: Chosen | null;
  onChoose: (chosen: Chosen | null) => void;
  /** Somebody has let go of the lines that they chose by pointer. */
  onChosen: (chosen: Chosen) => void;
  /** The file at the upper edge, whenever that changes. */
  onTop: (id: string) => void;
  top: () => ReactNode;
  heading: (id: string) => ReactNode;
  header: (file: ReviewFile, folded: boolean) => ReactNode;
  note: (note: N, file: ReviewFile) => ReactNode;
  ref: Ref<DiffHandle>;
}

const LEAVING = ['wheel', 'touchmove', 'pointerdown'] as const;
const POOL = { workerFactory: () => new DiffWorker(), poolSize: 2 };
const HIGHLIGHT = { theme: THEME, lineDiffType: 'word-alt', preferredHighlighter: 'shiki-js' } as const;

export function DiffView<N extends Note>(props: Props<N>) {
  return (
    <WorkerPoolContextProvider poolOptions={POOL} highlighterOptions={HIGHLIGHT}>
      <Files {...props} />
    </WorkerPoolContextProvider>
  );
}

function Files<N extends Note>({ items, split, wrap, headerHeight, chosen, onChoose, onChosen, onTop, ref, ...render }: Props<N>) {
  const view = useRef<CodeViewHandle<N, undefined>>(null);
  const files = useMemo(() => new Map(items.flatMap((item) => (item.is === 'file' ? [[item.id, item] as const] : []))), [items]);
  const frame = useRef<HTMLDivElement>(null);
  // Where somebody was brought to is where they are, also if it cannot come up to the edge.
  const isLed = useRef(false);
  useEffect(() => {
    const element = frame.current;
    const free = () => (isLed.current = false);
    for (const kind of LEAVING) element?.addEventListener(kind, free, { passive: true });
    return () => LEAVING.forEach((kind) => element?.removeEventListener(kind, free));
  }, []);
  useImperativeHandle(ref, () => ({
    show(id, lines) {
      isLed.current = true;
      if (!lines) return view.current?.scrollTo({ type: 'item', id, align: 'start', behavior: 'instant' });
      view.current?.scrollTo({ type: 'range', id, range: draggedOf(lines), align: 'center', behavior: 'instant' });
    },
  }));
  const made = useRef<Made<N>>(new Map());
  const shownItems = useMemo(() => items.map((item) => asItem(item, made.current)), [items]);
  const latest = useRef({ onChosen, files });
  latest.current = { onChosen, files };
  const options = useMemo(
    () => ({
      theme: THEME,
      diffStyle: split ? ('split' as const) : ('unified' as const),
      overflow: wrap ? ('wrap' as const) : ('scroll' as const),
      diffIndicators: 'classic' as const,
      hunkSeparators: 'metadata' as const,
      lineDiffType: 'word-alt' as const,
      stickyHeaders: true,
      enableLineSelection: true,
      itemMetrics: { diffHeaderHeight: headerHeight, lineHeight: 20, spacing: 0 },
      layout: { paddingTop: 0, paddingBottom: 24, gap: 0 },
      unsafeCSS: CSS,
      onLineSelectionEnd: (range: Parameters<typeof linesOf>[0] | null, { item }: { item: { id: string } }) => {
        if (range) latest.current.onChosen({ id: item.id, lines: linesOf(range) });
      },
      onPostRender: (node: HTMLElement, _instance: unknown, phase: string, { item }: { item: { id: string } }) => {
        if (phase !== 'unmount') nameParts(node, latest.current.files.get(item.id)?.file.name ?? '');
      },
    }),
    [split, wrap, headerHeight],
  );
  const topmost = useRef('');
  useEffect(() => {
    topmost.current = '';
  }, [items]);
  return (
    <CodeView<N, undefined>
      ref={view}
      containerRef={frame}
      className="diff-view min-h-0 flex-1 overflow-y-auto overflow-x-clip"
      items={shownItems}
      options={options}
      selectedLines={chosen ? { id: chosen.id, range: draggedOf(chosen.lines) } : null}
      onSelectedLinesChange={(selection: CodeViewLineSelection | null) =>
        onChoose(selection ? { id: selection.id, lines: linesOf(selection.range) } : null)
      }
      onScroll={(top, instance) => {
        if (isLed.current) return;
        const edge = items.findLast(({ id }) => (instance.getTopForItem(id) ?? Infinity) <= top + 8);
        if (!edge || edge.is !== 'file' || edge.id === topmost.current) return;
        topmost.current = edge.id;
        onTop(edge.id);
      }}
      renderCodeViewHeader={render.top}
      renderCustomHeader={(item) => {
        const file = files.get(item.id);
        return file ? render.header(file.file, file.folded) : render.heading(item.id);
      }}
      renderAnnotation={(annotation, _file, item) => {
        const file = files.get(item.id);
        return file && annotation.metadata ? render.note(annotation.metadata as N, file.file) : null;
      }}
    />
  );
}

const parsed = new WeakMap<ChangedFile, FileDiffMetadata>();

/** The same file is the same object, or its lines would be coloured anew. */
function metadataOf({ id, name, mark, file }: ReviewFile): FileDiffMetadata {
  const before = parsed.get(file);
  if (before) return before;
  const read = file.content.content === 'text' && file.content.hunks.length > 0 ? processFile(asUnified(file), { isGitDiff: false }) : undefined;
  const metadata: FileDiffMetadata = {
    ...(read ?? NO_LINES),
    name,
    type: TYPES[file.change],
    lang: colourable(getFiletypeFromFileName(name)),
    cacheKey: `${id} ${mark}`,
  };
  delete metadata.prevName;
  parsed.set(file, metadata);
  return metadata;
}

const TYPES = { added: 'new', deleted: 'deleted', modified: 'change', renamed: 'rename-changed', copied: 'rename-changed' } as const;

const NO_LINES: Omit<FileDiffMetadata, 'name' | 'type'> = {
  hunks: [],
  splitLineCount: 0,
  unifiedLineCount: 0,
  isPartial: true,
  deletionLines: [],
  additionLines: [],
  deletionCharacterCount: 0,
  additionCharacterCount: 0,
};

type Made<N extends Note> = Map<string, { of: Shown<N>; item: CodeViewItem<N> }>;

let versions = 0;

/** The view looks at an item again only under a new version. */
function asItem<N extends Note>(of: Shown<N>, made: Made<N>): CodeViewItem<N> {
  const before = made.get(of.id);
  if (before && isSame(before.of, of)) return before.item;
  const item: CodeViewItem<N> =
    of.is === 'heading'
      ? // A diff without lines: of the two kinds of items only diffs are packed.
        { id: of.id, type: 'diff', fileDiff: { ...NO_LINES, name: of.id, type: 'change' }, collapsed: true, version: ++versions }
      : fileItem(of);
  made.set(of.id, { of, item });
  return item;
}

function fileItem<N extends Note>({ id, file, folded, notes }: Extract<Shown<N>, { is: 'file' }>): CodeViewDiffItem<N> {
  const annotations = notes.map((note) => {
    const lines = note.lines ?? { last: 0, old: file.file.change === 'deleted' };
    const side = lines.old ? ('deletions' as const) : ('additions' as const);
    return { side, lineNumber: lines.last, metadata: note } as unknown as DiffLineAnnotation<N>;
  });
  return { id, type: 'diff', fileDiff: metadataOf(file), annotations, collapsed: folded, version: ++versions };
}

function isSame(one: Shown<Note>, other: Shown<Note>): boolean {
  if (one.is === 'heading' || other.is === 'heading') return one.is === other.is;
  return one.file.file === other.file.file && one.folded === other.folded && notesOf(one) === notesOf(other);
}

/** Where the notes of a file stand. What they say is asked for whenever they are shown. */
function notesOf({ notes }: Extract<Shown<Note>, { is: 'file' }>): string {
  return notes.map(({ key, lines }) => `${key} ${lines?.last} ${lines?.old}`).join();
}

/** What can be moved sideways can be reached by keyboard, and has a name. */
function nameParts(node: HTMLElement, name: string) {
  for (const code of node.shadowRoot?.querySelectorAll<HTMLElement>('code[data-code]') ?? []) {
    const side = 'deletions' in code.dataset ? ', before' : 'additions' in code.dataset ? ', after' : '';
    code.tabIndex = 0;
    code.setAttribute('role', 'group');
    code.setAttribute('aria-label', name + side);
  }
}

const CSS = `
:host { color-scheme: inherit; --diffs-bg: var(--canvas); --diffs-fg: var(--fg); }
pre, code { font-variant-ligatures: none; }
code:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
[data-separator=metadata] [data-separator-wrapper] { color: var(--faint); background: var(--sunken); }
[data-separator=metadata] { background: var(--sunken); }
[data-column-number] { color: var(--faint); }
[data-selected-line]:is([data-line], [data-column-number], [data-gutter-buffer]) { --mix-selection-dark: 88%; --mix-selection-light: 88%; }
[data-column-number][data-selected-line] { color: var(--fg); }
[data-annotation-content] { background: var(--canvas); }
`;
