// What the planning agent made of the plan when it was asked for a revision: each piece is kept or taken back.
import type { SprintDetail } from '../api/generated/team6.schemas';
import { Button } from '../ui/Button';
import { say } from '../ui/toasts';
import type { Draft } from './draft';
import { Pieces } from './Pieces';
import { type Piece, takeBack } from './pieces';
import { useRevision } from './revision';

export function Revision({ detail, draft }: { detail: SprintDetail; draft: Draft }) {
  const revision = useRevision(detail, draft);
  if (!revision || revision.pieces.length === 0) return <p className="p-4 text-muted">Nothing is left to look at.</p>;
  const { pieces, keep, by, version } = revision;
  const back = (piece: Piece) => {
    const before = draft.plan;
    draft.edit((plan) => takeBack(plan, piece));
    const made = draft.plan;
    keep([piece]);
    // Only as long as nobody has gone on from there.
    say({ kind: 'done', title: 'Taken back', undo: () => draft.edit((now) => (now === made ? before : now)) });
  };
  return (
    <>
      <div className="flex items-center gap-2 border-b border-line px-4 py-2">
        <p className="min-w-0 flex-1 text-dense text-muted">
          {by} made version {version}. It stands as it is unless you take pieces back.
        </p>
        <Button onClick={() => keep(pieces)}>Keep all</Button>
      </div>
      <Pieces
        pieces={pieces}
        plan={draft.plan}
        actions={(piece) => (
          <>
            <Button onClick={() => keep([piece])}>Keep</Button>
            <Button look="quiet" onClick={() => back(piece)}>
              Take back
            </Button>
          </>
        )}
      />
    </>
  );
}
