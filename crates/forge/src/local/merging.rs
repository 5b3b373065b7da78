//! Merging without a work tree.
//!
//! A merge is three steps that each may be the last before a crash: what is about to be pushed is recorded, pushed to the
//! origin on condition that its branch did not move, and recorded as done. Whoever asks again finds out by the first two.

use team6_core::ids::CommitId;
use team6_core::sprint::MergeMethod;

use super::changes::wrong_state;
use super::origin::Pushed;
use super::record::{Document, Intent, Step, ref_of};
use super::repository::{Expect, RefUpdate, Repository, read_id, signature};
use crate::error::ForgeError;
use crate::merge::{Conflict, ConflictKind, Merge, MergeOutcome};
use crate::path::RepoPath;
use crate::pull_request::State;

/// How often the base may move before somebody else has to ask again.
pub(super) const TRIES: u32 = 5;
/// The most that git may say about conflicts, in bytes.
const MOST: usize = 8 << 20;
/// The most commits that are rebased.
const LONGEST: usize = 1_000;

/// A tree, or what keeps it from being made.
pub(super) type Merged = Result<CommitId, Vec<Conflict>>;
/// The commit that the base would get, or how the merge ends without one.
type Made = Result<CommitId, MergeOutcome>;

impl Repository {
    pub(super) async fn dry_run(&self, number: u64, merge: &Merge) -> Result<MergeOutcome, ForgeError> {
        let document = self.record(number).await?.document;
        if let Some(outcome) = self.settled(&document, merge)? {
            return Ok(outcome);
        }
        // As it is where it comes from, as the merge will meet it.
        let base = match document.pull_request.base == *self.target() {
            true => self.fetch_base().await?,
            false => self.head_of(&document.pull_request.base).await?,
        };
        Ok(match self.result(&base, merge).await? {
            Ok(commit) => MergeOutcome::Merged { commit },
            Err(outcome) => outcome,
        })
    }

    pub(super) async fn merge(&self, number: u64, merge: &Merge) -> Result<MergeOutcome, ForgeError> {
        let _one = self.merging.lock().await;
        for _ in 0..TRIES {
            self.refresh(number, merge.at).await?;
            let document = self.record(number).await?.document;
            let into_target = document.pull_request.base == *self.target();
            let base = match into_target {
                true => self.fetch_base().await?,
                false => self.head_of(&document.pull_request.base).await?,
            };
            // An earlier try that broke off may have been pushed.
            if let Some(ours) = self.pushed(&document, &base).await? {
                return self.finish(number, merge, ours.commit, Some(ours.method)).await;
            }
            if let Some(outcome) = self.settled(&document, merge)? {
                return Ok(outcome);
            }
            if self.contains(&base, &merge.expected_head).await? {
                return self.finish(number, merge, merge.expected_head.clone(), None).await;
            }
            let commit = match self.result(&base, merge).await? {
                // All of it came into the base by other ways, so there is nothing to push.
                Ok(commit) if commit == base => return self.finish(number, merge, commit, Some(merge.method)).await,
                Ok(commit) => commit,
                Err(outcome) => return Ok(outcome),
            };
            self.intend(number, merge, &commit, &base).await?;
            if into_target {
                match self
                    .origin()
                    .push(&self.git_dir, &commit, self.target(), Some(&base))
                    .await?
                {
                    Pushed::Done => {}
                    Pushed::Moved => continue,
                    Pushed::Refused { why, next } => return Ok(MergeOutcome::Refused { why, next }),
                }
            }
            let name = document.pull_request.base.full();
            let here = [RefUpdate::new(name, Some(&commit), Expect::At(base))];
            // For the target the origin decides, and a later fetch brings what this misses.
            if self.transact(&here).await? || into_target {
                return self.finish(number, merge, commit, Some(merge.method)).await;
            }
        }
        let base = self.record(number).await?.document.pull_request.base;
        Ok(MergeOutcome::BaseMoved { base })
    }

    /// The merge that was about to be pushed and that the base has.
    pub(super) async fn pushed(&self, document: &Document, base: &CommitId) -> Result<Option<Intent>, ForgeError> {
        for intent in &document.intents {
            if self.contains(base, &intent.commit).await? {
                return Ok(Some(intent.clone()));
            }
        }
        Ok(None)
    }

    /// The outcome, if it does not depend on the base.
    fn settled(&self, document: &Document, merge: &Merge) -> Result<Option<MergeOutcome>, ForgeError> {
        let known = &document.pull_request;
        match (&known.state, known.head()) {
            (State::Merged { commit, .. }, _) => Ok(Some(MergeOutcome::Merged { commit: commit.clone() })),
            (State::Closed { .. }, _) => Err(wrong_state(known, "open it again first")),
            (State::Open, Some(head)) if *head != merge.expected_head => {
                Ok(Some(MergeOutcome::HeadMoved { now: head.clone() }))
            }
            (State::Open, _) => Ok(None),
        }
    }

    /// The commit that the base would get; the base itself if there is nothing left to bring.
    async fn result(&self, base: &CommitId, merge: &Merge) -> Result<Made, ForgeError> {
        let head = &merge.expected_head;
        let tree = match self.merge_trees(None, base, head).await? {
            Ok(tree) => tree,
            Err(files) => return Ok(Err(MergeOutcome::Conflicts { files })),
        };
        let parents: &[&CommitId] = match merge.method {
            MergeMethod::Rebase => return self.rebase(base, merge, &tree).await,
            MergeMethod::Squash if tree == self.tree(base).await? => return Ok(Ok(base.clone())),
            MergeMethod::Squash => &[base],
            MergeMethod::Merge => &[base, head],
        };
        self.write_commit(&tree, parents, &merge.by, merge.at, &merge.message)
            .await
            .map(Ok)
    }

    /// Each commit anew on top of the base; those that change nothing there are left out.
    ///
    /// Merge commits are left out too, and with them whatever was mended there. So the last tree must be the one of
    /// merging everything at once, which is what was reviewed; otherwise it is refused.
    async fn rebase(&self, base: &CommitId, merge: &Merge, whole: &CommitId) -> Result<Made, ForgeError> {
        let range = format!("{base}..{}", merge.expected_head);
        let args = [
            "rev-list",
            "--reverse",
            "--topo-order",
            "--no-merges",
            "--max-count=1001",
            &range,
        ];
        let listed = self.call(args).text().await?;
        let commits: Vec<&str> = listed.lines().collect();
        let refused = |why: &str| {
            Ok(Err(MergeOutcome::Refused {
                why: why.to_owned(),
                next: "squash it, or merge it with a merge commit".to_owned(),
            }))
        };
        if commits.len() > LONGEST {
            return refused("it has more than 1000 commits to rebase");
        }
        let mut onto = base.clone();
        let mut onto_tree = self.tree(base).await?;
        for commit in commits {
            let commit = CommitId::new(commit)?;
            let parent = self.find(&format!("{commit}^")).await?;
            let Ok(tree) = self.merge_trees(parent.as_ref(), &onto, &commit).await? else {
                return refused("its commits fit onto the base together, but not one by one");
            };
            if tree == onto_tree {
                continue;
            }
            let raw = self.call(["cat-file", "commit", commit.as_str()]).bytes().await?;
            let committer = signature(&merge.by, merge.at);
            let made = replanted(&raw, &tree, &onto, &committer);
            onto = self.write_object("commit", made).await?;
            onto_tree = tree;
        }
        if onto_tree != *whole {
            return refused("its commits one by one give other files than all of them together");
        }
        Ok(Ok(onto))
    }

    /// The tree of a merge of two commits, from where they parted unless that is given.
    pub(super) async fn merge_trees(
        &self,
        parted: Option<&CommitId>,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Merged, ForgeError> {
        let mut args = vec![
            "merge-tree".to_owned(),
            "--write-tree".into(),
            "-z".into(),
            "--name-only".into(),
            "--messages".into(),
        ];
        args.extend(parted.map(|parted| format!("--merge-base={parted}")));
        args.extend([one.to_string(), other.to_string()]);
        let ran = self.call_with(&args).most(MOST).run().await?;
        match ran.code {
            Some(0) => {
                let tree = ran.stdout.split(|byte| *byte == 0).next().unwrap_or_default();
                Ok(Ok(read_id(tree)?))
            }
            Some(1) => Ok(Err(conflicts(&ran.stdout))),
            _ => Err(ran.failure().into()),
        }
    }

    async fn intend(&self, number: u64, merge: &Merge, commit: &CommitId, base: &CommitId) -> Result<(), ForgeError> {
        let intent = Intent {
            key: merge.key.clone(),
            commit: commit.clone(),
            base: base.clone(),
            head: merge.expected_head.clone(),
            method: merge.method,
            by: merge.by.name.clone(),
            at: merge.at,
        };
        self.change_record(number, merge.at, |document| {
            if document.intents.iter().any(|known| known.commit == intent.commit) {
                return Ok(Step::Done(()));
            }
            document.intents.push(intent.clone());
            Ok(Step::Write {
                summary: format!("about to merge as {}", commit.short()),
                refs: vec![RefUpdate::new(
                    ref_of(number, "merging"),
                    Some(commit),
                    Expect::Anywhere,
                )],
                answer: (),
            })
        })
        .await
    }

    async fn finish(
        &self,
        number: u64,
        merge: &Merge,
        commit: CommitId,
        method: Option<MergeMethod>,
    ) -> Result<MergeOutcome, ForgeError> {
        self.change_record(number, merge.at, |document| {
            if let State::Merged { commit, .. } = &document.pull_request.state {
                return Ok(Step::Done(MergeOutcome::Merged { commit: commit.clone() }));
            }
            document.pull_request.state = State::Merged {
                commit: commit.clone(),
                method,
                by: merge.by.name.clone(),
                at: merge.at,
            };
            Ok(Step::Write {
                summary: format!("merged as {}", commit.short()),
                refs: vec![RefUpdate::new(
                    ref_of(number, "merged"),
                    Some(&commit),
                    Expect::Anywhere,
                )],
                answer: MergeOutcome::Merged { commit: commit.clone() },
            })
        })
        .await
    }
}

/// A commit with another tree, parent and committer; author and message stay, a signature would be wrong.
fn replanted(raw: &[u8], tree: &CommitId, parent: &CommitId, committer: &str) -> Vec<u8> {
    let end = raw.windows(2).position(|pair| pair == b"\n\n").unwrap_or(raw.len());
    let (header, message) = raw.split_at(end);
    let author = header
        .split(|byte| *byte == b'\n')
        .find(|line| line.starts_with(b"author "));
    let encoding = header
        .split(|byte| *byte == b'\n')
        .find(|line| line.starts_with(b"encoding "));
    let mut made = format!("tree {tree}\nparent {parent}\n").into_bytes();
    made.extend_from_slice(author.unwrap_or(b"author unknown <> 0 +0000"));
    made.extend_from_slice(format!("\ncommitter {committer}").as_bytes());
    if let Some(encoding) = encoding {
        made.push(b'\n');
        made.extend_from_slice(encoding);
    }
    made.extend_from_slice(message);
    made
}

/// Reads `<tree> NUL` and what does not fit.
fn conflicts(bytes: &[u8]) -> Vec<Conflict> {
    let mut fields = bytes.split(|byte| *byte == 0);
    let _tree = fields.next();
    next_conflicts(&mut fields)
}

/// Reads `(<file> NUL)* NUL (<count> NUL (<path> NUL)* <type> NUL <message> NUL)*`, and the field after it.
pub(super) fn next_conflicts<'a>(fields: &mut impl Iterator<Item = &'a [u8]>) -> Vec<Conflict> {
    let files: Vec<&[u8]> = fields.by_ref().take_while(|name| !name.is_empty()).collect();
    let mut found: Vec<Conflict> = Vec::new();
    while let Some(count) = fields
        .next()
        .and_then(|count| String::from_utf8_lossy(count).trim().parse::<usize>().ok())
    {
        let paths: Vec<&[u8]> = fields.by_ref().take(count.min(1_000)).collect();
        let kind = String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned();
        let message = String::from_utf8_lossy(fields.next().unwrap_or_default())
            .trim()
            .to_owned();
        let words = kind.strip_prefix("CONFLICT (").and_then(|rest| rest.strip_suffix(')'));
        if let (Some(words), Some(path)) = (words, paths.first()) {
            found.push(Conflict {
                path: RepoPath::from_bytes(path),
                kind: ConflictKind::from_git(words),
                message,
            });
        }
    }
    for file in files {
        if !found.iter().any(|conflict| conflict.path.as_bytes() == file) {
            found.push(Conflict {
                path: RepoPath::from_bytes(file),
                kind: ConflictKind::Content,
                message: String::new(),
            });
        }
    }
    // git tells of a binary file twice, the second time as if people could mend its lines.
    let is_binary = |conflict: &Conflict| conflict.kind == ConflictKind::Binary;
    let binary: Vec<RepoPath> = found.iter().filter(|c| is_binary(c)).map(|c| c.path.clone()).collect();
    found.retain(|conflict| is_binary(conflict) || !binary.contains(&conflict.path));
    found.sort();
    found
}
