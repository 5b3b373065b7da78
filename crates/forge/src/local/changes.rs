//! Pull requests: branches published, opened, brought up to date, listed, compared and closed.

use team6_core::ids::{BranchName, CommitId};
use team6_core::time::Timestamp;
use team6_git::ORIGIN;

use super::origin::{Origin, Pushed};
use super::record::{Document, Step, TRIES, ref_of};
use super::repository::{Expect, RefUpdate, Repository};
use super::review;
use crate::error::ForgeError;
use crate::merge::Mergeability;
use crate::port::{Publish, Published, Synced};
use crate::pull_request::{NewPullRequest, PatchSet, PullRequest, Resolution, Side, State, StateFilter, Summary};

impl Repository {
    pub(super) fn origin(&self) -> Origin<'_> {
        Origin {
            git: &self.git,
            place: &self.kept.origin,
            patience: self.patience,
        }
    }

    /// The head of the target branch, fetched.
    pub(super) async fn fetch_base(&self) -> Result<CommitId, ForgeError> {
        let _one = self.fetching.lock().await;
        let (origin, name) = (self.origin(), self.target().full());
        let spec = format!("+{name}:{name}");
        let args = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            ORIGIN,
            &spec,
        ];
        let fetched = self.call(args).origin(origin.place, origin.patience).text().await;
        if let Err(error) = fetched {
            if error.said().contains("couldn't find remote ref") {
                return Err(ForgeError::UnknownBranch {
                    repository: self.id().clone(),
                    branch: self.target().clone(),
                    near: Vec::new(),
                });
            }
            self.break_stale_lock(&name);
            return Err(origin.failure(error));
        }
        self.head_of(self.target()).await
    }

    pub(super) async fn publish(&self, publish: &Publish) -> Result<Published, ForgeError> {
        let before = self.branch_head(&publish.branch).await?;
        if before.as_ref() != Some(&publish.commit) {
            let moved = |now| ForgeError::BranchMoved {
                branch: publish.branch.clone(),
                expected: publish.expected.clone(),
                now,
            };
            if before != publish.expected {
                return Err(moved(before));
            }
            let place = self.git_dir.to_string_lossy();
            let here = Origin {
                git: &self.git,
                place: &place,
                patience: self.patience,
            };
            match here
                .push(
                    &publish.from,
                    &publish.commit,
                    &publish.branch,
                    publish.expected.as_ref(),
                )
                .await?
            {
                Pushed::Done => {}
                Pushed::Moved => return Err(moved(self.branch_head(&publish.branch).await?)),
                Pushed::Refused { why, .. } => {
                    return Err(ForgeError::CommitRefused {
                        commit: publish.commit.clone(),
                        why,
                    });
                }
            }
        }
        let mut pull_requests = Vec::new();
        for record in self.records().await? {
            let known = &record.document.pull_request;
            if known.state == State::Open && known.branch == publish.branch {
                self.refresh(known.number, publish.at).await?;
                pull_requests.push(known.number);
            }
        }
        Ok(Published {
            moved: before.as_ref() != Some(&publish.commit),
            pull_requests,
        })
    }

    pub(super) async fn open(&self, new: &NewPullRequest) -> Result<PullRequest, ForgeError> {
        let base = new.base.clone().unwrap_or_else(|| self.target().clone());
        for _ in 0..TRIES {
            let records = self.records().await?;
            let all = || records.iter().map(|record| &record.document.pull_request);
            if let Some(known) = all().find(|known| known.key == new.key) {
                if known.state != State::Open || known.body == new.body {
                    return Ok(known.clone());
                }
                return self.tell_anew(known.number, new).await;
            }
            let same =
                |known: &&PullRequest| known.state == State::Open && known.branch == new.branch && known.base == base;
            if let Some(known) = all().find(same) {
                return Err(ForgeError::AlreadyOpen {
                    branch: new.branch.clone(),
                    base,
                    number: known.number,
                });
            }
            let number = all().map(|known| known.number).max().unwrap_or(0) + 1;
            let set = self.patch_set(1, &new.branch, &base, new.at).await?;
            if set.merge_base == set.head {
                return Err(ForgeError::NothingToReview {
                    branch: new.branch.clone(),
                    base,
                });
            }
            let refs = patch_set_refs(number, &set);
            let document = Document::new(PullRequest {
                repository: self.id().clone(),
                number,
                key: new.key.clone(),
                title: new.title.clone(),
                body: new.body.clone(),
                author: new.author.clone(),
                opened: new.at,
                branch: new.branch.clone(),
                base: base.clone(),
                state: State::Open,
                reverted: None,
                patch_sets: vec![set],
                reviews: Vec::new(),
                threads: Vec::new(),
            });
            if self.create_record(&document, refs).await? {
                return Ok(document.pull_request);
            }
        }
        Err(ForgeError::Busy {
            what: format!("the list of pull requests of {}", self.id()),
        })
    }

    /// What is said of a pull request follows the work.
    async fn tell_anew(&self, number: u64, new: &NewPullRequest) -> Result<PullRequest, ForgeError> {
        self.change_record(number, new.at, |document| {
            let known = &mut document.pull_request;
            if known.state != State::Open || known.body == new.body {
                return Ok(Step::Done(known.clone()));
            }
            known.body = new.body.clone();
            Ok(Step::Write {
                summary: "another description".into(),
                refs: Vec::new(),
                answer: known.clone(),
            })
        })
        .await
    }

    async fn patch_set(
        &self,
        k: u32,
        branch: &BranchName,
        base: &BranchName,
        at: Timestamp,
    ) -> Result<PatchSet, ForgeError> {
        let (head, base) = (self.head_of(branch).await?, self.head_of(base).await?);
        let merge_base = self.merge_base(&head, &base).await?;
        let merge_base = merge_base.ok_or_else(|| {
            ForgeError::invalid(format!("branch {branch}"), "it has no history in common with its base")
        })?;
        Ok(PatchSet {
            k,
            head,
            base,
            merge_base,
            at,
        })
    }

    /// Looks at the branch: a new head is a new patch set. Says whether anything changed.
    pub(super) async fn refresh(&self, number: u64, at: Timestamp) -> Result<(PullRequest, bool), ForgeError> {
        for _ in 0..TRIES {
            let mut record = self.record(number).await?;
            let known = &mut record.document.pull_request;
            let head = self.branch_head(&known.branch).await?;
            let (Some(head), State::Open, Some(last)) = (head, &known.state, known.patch_sets.last()) else {
                return Ok((known.clone(), false));
            };
            if head == last.head {
                return Ok((known.clone(), false));
            }
            let (k, last) = (last.k + 1, last.clone());
            let set = self.patch_set(k, &known.branch, &known.base, at).await?;
            for (side, from, to) in [
                (Side::Old, &last.merge_base, &set.merge_base),
                (Side::New, &last.head, &set.head),
            ] {
                let changes = self.changes_between(from, to).await?;
                review::carry_over(&mut known.threads, side, &changes, k);
            }
            let refs = patch_set_refs(number, &set);
            known.patch_sets.push(set);
            let answer = known.clone();
            if self
                .replace_record(&record, at, &format!("patch set {k}"), refs)
                .await?
            {
                return Ok((answer, true));
            }
        }
        Err(self.busy(number))
    }

    pub(super) async fn sync(&self, at: Timestamp) -> Result<Synced, ForgeError> {
        let base = self.fetch_base().await?;
        let mut changed = Vec::new();
        for record in self.records().await? {
            let number = record.document.number();
            if record.document.pull_request.state == State::Open {
                let (_, newer) = self.refresh(number, at).await?;
                let merged = self.find_merged(number, &base, at).await?;
                if newer || merged {
                    changed.push(number);
                }
            }
        }
        Ok(Synced { base, changed })
    }

    /// Whether the base has it: by a merge of ours that broke off after the push, or because somebody brought it there.
    async fn find_merged(&self, number: u64, base: &CommitId, at: Timestamp) -> Result<bool, ForgeError> {
        let document = self.record(number).await?.document;
        if document.pull_request.base != *self.target() {
            return Ok(false);
        }
        let found = match (self.pushed(&document, base).await?, document.pull_request.head()) {
            (Some(ours), _) => State::Merged {
                commit: ours.commit,
                method: Some(ours.method),
                by: ours.by,
                at: ours.at,
            },
            (None, Some(head)) if self.contains(base, head).await? => State::Merged {
                commit: head.clone(),
                method: None,
                by: "origin".into(),
                at,
            },
            _ => return Ok(false),
        };
        self.change_record(number, at, |document| {
            if document.pull_request.state != State::Open {
                return Ok(Step::Done(false));
            }
            document.pull_request.state = found.clone();
            Ok(Step::Write {
                summary: "found merged".into(),
                refs: Vec::new(),
                answer: true,
            })
        })
        .await
    }

    pub(super) async fn list(&self, filter: StateFilter) -> Result<Vec<Summary>, ForgeError> {
        let records = self.records().await?;
        let found = records.iter().rev().map(|record| &record.document.pull_request);
        let found = found.filter(|known| filter.takes(&known.state));
        let summaries = found.filter_map(|known| {
            Some(Summary {
                number: known.number,
                key: known.key.clone(),
                title: known.title.clone(),
                author: known.author.clone(),
                branch: known.branch.clone(),
                base: known.base.clone(),
                head: known.head()?.clone(),
                state: known.state.clone(),
                patch_sets: u32::try_from(known.patch_sets.len()).unwrap_or(u32::MAX),
                open_threads: u32::try_from(known.threads.iter().filter(|t| t.resolved.is_none()).count())
                    .unwrap_or(u32::MAX),
            })
        });
        Ok(summaries.collect())
    }

    pub(super) async fn mergeability(&self, number: u64) -> Result<Mergeability, ForgeError> {
        let known = self.record(number).await?.document.pull_request;
        let (State::Open, Some(head)) = (&known.state, known.head()) else {
            return Ok(Mergeability::NotOpen);
        };
        let base = self.head_of(&known.base).await?;
        if self.contains(&base, head).await? {
            return Ok(Mergeability::NothingToMerge);
        }
        Ok(match self.merge_trees(None, &base, head).await? {
            Ok(_) => Mergeability::Clean,
            Err(files) => Mergeability::Conflicts { files },
        })
    }

    pub(super) async fn close(&self, number: u64, by: &Resolution) -> Result<PullRequest, ForgeError> {
        // A merge that is under way ends first: what it pushes must not be told of as closed.
        let _one = self.merging.lock().await;
        let closed = State::Closed {
            by: by.by.clone(),
            at: by.at,
        };
        self.change_record(number, by.at, |document| {
            let known = &mut document.pull_request;
            match known.state {
                State::Closed { .. } => return Ok(Step::Done(known.clone())),
                State::Merged { .. } => {
                    return Err(wrong_state(known, "it cannot be closed; revert its commit instead"));
                }
                State::Open => {}
            }
            known.state = closed.clone();
            Ok(Step::Write {
                summary: format!("closed by {}", by.by),
                refs: Vec::new(),
                answer: known.clone(),
            })
        })
        .await
    }

    pub(super) async fn reopen(&self, number: u64, by: &Resolution) -> Result<PullRequest, ForgeError> {
        let branch = self.record(number).await?.document.pull_request.branch;
        self.head_of(&branch).await?;
        self.change_record(number, by.at, |document| {
            let known = &mut document.pull_request;
            match known.state {
                State::Open => return Ok(Step::Done(known.clone())),
                State::Merged { .. } => return Err(wrong_state(known, "open a new pull request for further work")),
                State::Closed { .. } => {}
            }
            known.state = State::Open;
            Ok(Step::Write {
                summary: format!("opened again by {}", by.by),
                refs: Vec::new(),
                answer: known.clone(),
            })
        })
        .await?;
        self.refresh(number, by.at).await.map(|(found, _)| found)
    }

    pub(super) async fn delete_branch(&self, branch: &BranchName) -> Result<(), ForgeError> {
        let records = self.records().await?;
        let open = records
            .iter()
            .map(|record| &record.document.pull_request)
            .filter(|known| known.state == State::Open);
        let needs = |known: &&PullRequest| known.branch == *branch || known.base == *branch;
        let numbers: Vec<u64> = open.filter(needs).map(|known| known.number).collect();
        if !numbers.is_empty() || branch == self.target() {
            let branch = branch.clone();
            return Err(ForgeError::BranchInUse { branch, numbers });
        }
        match self.branch_head(branch).await? {
            Some(head) => self
                .transact(&[RefUpdate::new(branch.full(), None, Expect::At(head))])
                .await
                .map(drop),
            None => Ok(()),
        }
    }
}

pub(super) fn wrong_state(known: &PullRequest, hint: &'static str) -> ForgeError {
    ForgeError::WrongState {
        number: known.number,
        state: known.state.name(),
        hint,
    }
}

/// What keeps the objects of a patch set, and says which is the newest.
fn patch_set_refs(number: u64, set: &PatchSet) -> Vec<RefUpdate> {
    vec![
        RefUpdate::new(
            ref_of(number, &format!("ps/{}", set.k)),
            Some(&set.head),
            Expect::Anywhere,
        ),
        RefUpdate::new(ref_of(number, "head"), Some(&set.head), Expect::Anywhere),
    ]
}
