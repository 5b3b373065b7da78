// A plan while somebody edits it in this tab, outside of React: what they typed is there at once, is kept by the browser
// until the server has it, and becomes a version once they pause. A version that somebody else saved meanwhile is merged.
import type { Author } from '../api/generated/team6.schemas';
import { asRequestError } from '../api/problem';
import { type Conflict, merge, stillOpen, valueOf, withTheirs } from './merge';
import { EMPTY, type Plan, same, taskAt, without } from './model';
import { noteOf } from './pieces';
import { type PlanProblem, problemsOf } from './problems';

/** Somebody who types is not interrupted, and a version is not a letter: this long nothing must have been changed. */
export const PAUSE = 3_000;

export interface Version {
  version: number;
  plan: Plan;
  by: Author | null;
}

export type Standing =
  | { is: 'saved' }
  | { is: 'edited' }
  | { is: 'saving' }
  /** It cannot be saved as it is. */
  | { is: 'unfit'; problems: readonly PlanProblem[] }
  | { is: 'refused'; error: unknown };

interface Ports {
  /** The plan as the server would keep it. */
  fit: (plan: Plan) => Plan;
  /** Saves a plan over a version; fails with `plan-moved` if somebody else saved one. */
  save: (base: number, plan: Plan, note: string) => Promise<unknown>;
  /** The newest version on the server. */
  newest: () => Promise<Version | null>;
  /** Called when a version of somebody else came. */
  came: (version: Version, conflicts: number) => void;
  /** Keeps what is not saved yet over a reload; null when there is nothing. */
  keep: (kept: Kept | null) => void;
}

export interface Kept {
  base: Version;
  plan: Plan;
  conflicts: Conflict[];
}

export class Draft {
  readonly #ports: Ports;
  readonly #listeners = new Set<() => void>();
  #base: Version;
  #plan: Plan;
  #conflicts: Conflict[] = [];
  #standing: Standing = { is: 'saved' };
  #timer: ReturnType<typeof setTimeout> | null = null;
  #saving: Promise<unknown> | null = null;
  /** What is on its way to the server. */
  #sent: Plan | null = null;
  #revision = 0;

  constructor(base: Version | null, ports: Ports, kept: Kept | null = null) {
    this.#ports = ports;
    this.#base = kept?.base ?? base ?? { version: 0, plan: EMPTY, by: null };
    this.#plan = kept?.plan ?? this.#base.plan;
    this.#conflicts = kept?.conflicts ?? [];
    if (base) this.newer(base);
    if (this.isDirty) this.#touch();
  }

  get plan() {
    return this.#plan;
  }
  get base() {
    return this.#base;
  }
  get conflicts(): readonly Conflict[] {
    return this.#conflicts;
  }
  get standing() {
    return this.#standing;
  }
  /** Changes with whatever changes here. */
  get revision() {
    return this.#revision;
  }
  /** Whether there is something that no version has yet. */
  get isDirty() {
    return !same(this.#toSave(), this.#base.plan);
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  edit(change: (plan: Plan) => Plan) {
    this.#plan = change(this.#plan);
    this.#touch();
  }

  /** Decides what both changed. */
  resolve(conflict: Conflict, choice: 'mine' | 'theirs') {
    this.#conflicts = this.#conflicts.filter((each) => each !== conflict);
    if (choice === 'theirs') this.#plan = withTheirs(this.#plan, [conflict]);
    this.#touch();
  }

  /** Takes in a version of the server. */
  newer(version: Version) {
    if (version.version <= this.#base.version) return;
    // The own version may be told of before the server has answered.
    if (this.#sent && version.version === this.#base.version + 1 && same(version.plan, this.#sent)) {
      this.#base = version;
      return this.#changed();
    }
    const by = version.by?.name ?? 'somebody';
    const { plan, conflicts } = merge(this.#base.plan, this.#plan, version.plan, by);
    this.#conflicts = stillOpen(this.#conflicts, conflicts, plan, version.plan);
    this.#plan = plan;
    this.#base = version;
    this.#ports.came(version, conflicts.length);
    this.#touch();
  }

  /** Saves at once what was changed; over when it is saved, or cannot be. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#saving) await this.#saving;
    const plan = this.#toSave();
    if (same(plan, this.#base.plan)) return this.#settle();
    const problems = problemsOf(plan);
    if (problems.length > 0) return this.#stand({ is: 'unfit', problems });
    const saved = this.#save(plan).finally(() => (this.#saving = null));
    this.#saving = saved;
    // What somebody else saved meanwhile is merged: nobody waits for another pause.
    if ((await saved) === 'moved') return this.flush();
  }

  async #save(plan: Plan): Promise<'saved' | 'moved' | 'refused'> {
    this.#sent = plan;
    this.#stand({ is: 'saving' });
    const version = this.#base.version + 1;
    try {
      await this.#ports.save(version - 1, plan, noteOf(this.#base.plan, plan));
      if (this.#base.version < version) this.#base = { version, plan, by: null };
      this.#sent = null;
      this.#settle();
      return 'saved';
    } catch (error) {
      this.#sent = null;
      return this.#refused(error);
    }
  }

  async #refused(error: unknown): Promise<'moved' | 'refused'> {
    const { code, isPassing } = asRequestError(error);
    if (code === 'plan-moved') {
      const newest = await this.#ports.newest().catch(() => null);
      this.#stand({ is: 'edited' });
      if (newest && newest.version > this.#base.version) {
        this.newer(newest);
        return 'moved';
      }
      this.#wait();
      return 'refused';
    }
    this.#stand({ is: 'refused', error });
    // What was lost on the way is sent again.
    if (isPassing) this.#wait();
    return 'refused';
  }

  /** What a version may have: theirs where nobody chose yet, and no new task that has no name. */
  #toSave(): Plan {
    if (same(this.#plan, this.#base.plan)) return this.#base.plan;
    const plan = withTheirs(this.#plan, this.#conflicts);
    const unnamed = plan.tasks.filter(({ key, title }) => title.trim() === '' && !taskAt(this.#base.plan, key));
    const named = unnamed.reduce((now, { key }) => without(now, key), plan);
    return same(named, this.#base.plan) ? this.#base.plan : this.#ports.fit(named);
  }

  #settle() {
    // The server has called it something.
    if (this.#plan.title.trim() === '') this.#plan = { ...this.#plan, title: this.#base.plan.title };
    if (!same(this.#toSave(), this.#base.plan)) return this.#touch();
    this.#stand({ is: 'saved' });
  }

  #touch() {
    this.#conflicts = this.#conflicts.filter((each) => !same(each.theirs, valueOf(this.#plan, each)));
    if (this.#standing.is !== 'saving') this.#standing = { is: 'edited' };
    this.#wait();
    this.#changed();
  }

  #wait() {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), PAUSE);
  }

  #stand(standing: Standing) {
    this.#standing = standing;
    this.#changed();
  }

  #changed() {
    this.#revision += 1;
    const isKept = !same(this.#plan, this.#base.plan);
    this.#ports.keep(isKept ? { base: this.#base, plan: this.#plan, conflicts: this.#conflicts } : null);
    this.#listeners.forEach((listener) => listener());
  }
}

/** What is in no title, as the server sees it (`is_out_of_line` of crates/core/src/text.rs). */
// eslint-disable-next-line no-control-regex
const OUT_OF_LINE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]+/g;

/** A further version of a plan without a title is called by its goal. */
export function titled(plan: Plan, goal: string): Plan {
  if (plan.title.trim() !== '') return plan;
  const first = (goal.trim().split('\n')[0] ?? '').replace(OUT_OF_LINE, ' ').trim() || 'Sprint';
  return { ...plan, title: first.length > 120 ? `${first.slice(0, 119)}…` : first };
}
