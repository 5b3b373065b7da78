//! Showing reviews, and what agents answer to them, in the forge.

use std::fmt::Write;

use team6_core::ids::{CommitId, RepositoryId, ReviewId, SprintId, TaskId};
use team6_core::sprint::{Review, ReviewComment, Task, Thread};
use team6_forge::{ForgeError, NewComment, NewReply, NewReview, PullRequest, RepoPath, Side};

use super::Effects;
use crate::engine::EffectError;

/// A review as far as it concerns one repository.
struct Part {
    repository: RepositoryId,
    number: u64,
    review: Review,
    head: Option<CommitId>,
    comments: Vec<ReviewComment>,
}

impl Effects {
    pub(super) async fn post_review(
        &self,
        sprint: SprintId,
        task: TaskId,
        review: ReviewId,
    ) -> Result<(), EffectError> {
        let parts = self.read_task(sprint, task, |_, task| parts(task, review)).await?;
        for part in parts.unwrap_or_default() {
            self.post_part(sprint, part)
                .await
                .map_err(|error| EffectError(error.to_string()))?;
        }
        Ok(())
    }

    async fn post_part(&self, sprint: SprintId, part: Part) -> Result<(), ForgeError> {
        let forge = &self.parts.forge;
        let pull_request = forge.pull_request(&part.repository, part.number).await?;
        let patch_set = patch_set(&pull_request, part.head.as_ref());
        let placed: Option<Vec<NewComment>> = part.comments.iter().map(new_comment).collect();
        let new = NewReview {
            key: key(sprint, part.review.id),
            author: part.review.by.to_string(),
            verdict: part.review.verdict,
            body: part.review.body.clone(),
            patch_set,
            comments: placed.clone().unwrap_or_default(),
            at: part.review.at,
        };
        let posted = match placed {
            Some(_) => forge.submit_review(&part.repository, part.number, &new).await,
            None => Err(ForgeError::BadComments(Vec::new())),
        };
        match posted {
            // They were checked before they were taken, but not even those of another forge may be lost.
            Err(ForgeError::BadComments(bad)) => {
                tracing::warn!(review = %part.review.id, ?bad, "comments that are not on the diff go into the review's text");
                let in_text = with_comments(new, &part.comments);
                forge
                    .submit_review(&part.repository, part.number, &in_text)
                    .await
                    .map(drop)
            }
            posted => posted.map(drop),
        }
    }

    pub(super) async fn post_answers(&self, sprint: SprintId, task: TaskId) -> Result<(), EffectError> {
        let known = self.read_task(sprint, task, |_, task| {
            let agent = task.agent.as_ref().map(|choice| choice.agent.to_string());
            let numbers = task
                .pull_requests
                .iter()
                .filter_map(|(id, p)| Some((id.clone(), p.number?)));
            let reviews: Vec<ReviewId> = task.reviews.iter().map(|review| review.id).collect();
            (agent, numbers.collect::<Vec<_>>(), reviews, task.threads.clone())
        });
        let Some((agent, numbers, reviews, threads)) = known.await? else {
            return Ok(());
        };
        for (repository, number) in numbers {
            let pull_request = self.parts.forge.pull_request(&repository, number).await;
            let pull_request = pull_request.map_err(|error| EffectError(error.to_string()))?;
            for review in &reviews {
                let of_review = threads
                    .iter()
                    .filter(|t| t.review == *review && t.comment.repository == repository);
                for (place, thread) in of_review.enumerate() {
                    let author = agent.clone().unwrap_or_else(|| "agent".into());
                    let Some(reply) = self.reply(&pull_request, sprint, place, thread, author) else {
                        continue;
                    };
                    let replied = self.parts.forge.reply(&repository, number, &reply).await;
                    replied.map_err(|error| EffectError(error.to_string()))?;
                }
            }
        }
        Ok(())
    }

    /// The answer to the `place`th thread that a review began in a repository.
    fn reply(
        &self,
        pull_request: &PullRequest,
        sprint: SprintId,
        place: usize,
        thread: &Thread,
        author: String,
    ) -> Option<NewReply> {
        let answer = thread.answer.as_ref()?;
        let review_key = key(sprint, thread.review);
        let posted = pull_request.reviews.iter().find(|review| review.key == review_key)?;
        Some(NewReply {
            key: format!("{review_key}/thread-{}", thread.id),
            thread: *posted.threads.get(place)?,
            author,
            text: answer.text.clone(),
            commit: answer.commit.clone(),
            at: self.parts.engine.now(),
        })
    }
}

fn key(sprint: SprintId, review: ReviewId) -> String {
    format!("sprint-{sprint}/review-{review}")
}

/// The review by repository: those that it comments on, or all if it has no comments.
fn parts(task: &Task, id: ReviewId) -> Vec<Part> {
    let Some(review) = task.reviews.iter().find(|review| review.id == id) else {
        return Vec::new();
    };
    let threads = task.threads.iter().filter(|thread| thread.review == id);
    let comments: Vec<&ReviewComment> = threads.map(|thread| &thread.comment).collect();
    let numbered = task.pull_requests.iter().filter_map(|(id, p)| Some((id, p.number?)));
    let all = numbered.map(|(repository, number)| Part {
        repository: repository.clone(),
        number,
        review: review.clone(),
        head: review.heads.get(repository).cloned(),
        comments: comments
            .iter()
            .filter(|c| c.repository == *repository)
            .copied()
            .cloned()
            .collect(),
    });
    all.collect()
}

fn patch_set(pull_request: &PullRequest, head: Option<&CommitId>) -> u32 {
    let looked_at = pull_request.patch_sets.iter().rev().find(|set| Some(&set.head) == head);
    looked_at.or_else(|| pull_request.latest()).map_or(1, |set| set.k)
}

/// The review with its comments as text.
fn with_comments(mut review: NewReview, comments: &[ReviewComment]) -> NewReview {
    for comment in comments {
        let _ = write!(
            review.body,
            "\n\n`{}{}`: {}",
            comment.path,
            comment.lines(),
            comment.text
        );
    }
    review.comments.clear();
    review
}

fn new_comment(comment: &ReviewComment) -> Option<NewComment> {
    Some(NewComment {
        path: comment.path.parse::<RepoPath>().ok()?,
        line: comment.line,
        end_line: comment.end_line,
        side: if comment.old_side { Side::Old } else { Side::New },
        text: comment.text.clone(),
    })
}
