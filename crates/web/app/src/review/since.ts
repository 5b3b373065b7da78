// What somebody has looked at already, by the commits of their last review. Pure.
import type { Review, TaskDetail } from '../api/generated/team6.schemas';

/** The last review of a person. */
export function lastReview({ reviews }: Pick<TaskDetail, 'reviews'>, person: string | undefined): Review | undefined {
  return reviews.findLast(({ by }) => by === person);
}

/** Whether there is something that the review has not seen. */
export function isBehind(review: Review | undefined, { pull_requests: pulls }: Pick<TaskDetail, 'pull_requests'>): boolean {
  return review !== undefined && pulls.some(({ repository, head }) => review.heads[repository] !== head);
}
