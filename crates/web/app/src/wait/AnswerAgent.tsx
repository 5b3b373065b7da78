import { useQuery } from '@tanstack/react-query';
import { messageAgent } from '../api/generated/team6';
import type { TaskId, Timestamp } from '../api/generated/team6.schemas';
import { task } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { SkeletonRows } from '../ui/Skeleton';
import { Answer } from './Answer';
import { answerOfTask } from './unsent';

/** What the agent of a task asks its owner. The answer wakes it, in the session in which it asked. */
export function AnswerAgent({ task: id, since }: { task: TaskId; since: Timestamp }) {
  const { data } = useQuery(task(id));
  const answer = useCommand({ run: (text: string, options) => messageAgent(id, { text }, options), done: 'Answered' });
  if (!data?.question) return <SkeletonRows rows={3} label="Loading the question" />;
  const { text, options } = data.question;
  return <Answer question={text} options={options} busy={answer.isPending} about={answerOfTask(id, since)} onAnswer={answer.mutateAsync} />;
}
