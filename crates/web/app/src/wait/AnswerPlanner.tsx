import { useQuery } from '@tanstack/react-query';
import { answerQuestion, handQuestion, skipQuestion } from '../api/generated/team6';
import type { QuestionId, SprintId } from '../api/generated/team6.schemas';
import { me, people, sprint } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { SkeletonRows } from '../ui/Skeleton';
import { Answer } from './Answer';
import { answerOf, leave } from './unsent';

/** A question of the planning agent: answered, left to its judgement, or handed to somebody else. */
export function AnswerPlanner({ sprint: id, question }: { sprint: SprintId; question: QuestionId }) {
  const { data } = useQuery(sprint(id));
  const { data: mine } = useQuery(me);
  const { data: team = [] } = useQuery(people);
  const answer = useCommand({
    run: (text: string, options) => answerQuestion(id, question, { text }, options),
    done: 'Answered',
  });
  const about = answerOf(id, question);
  const skip = useCommand({
    run: (_: void, options) => skipQuestion(id, question, {}, options),
    done: 'Left to the agent',
    onDone: () => leave(about),
  });
  const hand = useCommand({
    run: (to: string, options) => handQuestion(id, question, { to }, options),
    done: (to) => `Handed to ${to}`,
  });
  const asked = data?.questions.find((each) => each.id === question);
  if (!asked) return <SkeletonRows rows={3} label="Loading the question" />;
  const busy = answer.isPending || skip.isPending || hand.isPending;
  const others = team.filter((person) => person.id !== mine?.person.id);
  return (
    <Answer question={asked.text} why={asked.why} options={asked.options} busy={busy} about={about} onAnswer={answer.mutateAsync}>
      <Button look="quiet" disabled={busy} onClick={() => skip.mutate()}>
        Leave to the agent
      </Button>
      {others.map((person) => (
        <Button key={person.id} look="quiet" disabled={busy} onClick={() => hand.mutate(person.id)}>
          Hand to {person.name}
        </Button>
      ))}
    </Answer>
  );
}
