//! What pull requests change, asked of git within bounds.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use team6_core::ids::CommitId;
use team6_git::Call;

use super::repository::Repository;
use crate::diff::{self, Diff, DiffOptions, Patch, Range};
use crate::error::ForgeError;

/// How long comparing may take.
const COMPARING: Duration = Duration::from_secs(60);

impl Repository {
    /// The two states that a range compares: commits, or a tree.
    async fn ends(&self, number: u64, range: Range) -> Result<(CommitId, CommitId), ForgeError> {
        let known = self.record(number).await?.document.pull_request;
        let set = |k: u32| {
            let found = known.patch_set(k).cloned();
            found.ok_or_else(|| {
                ForgeError::invalid(
                    format!("patch set {k}"),
                    format!("there are 1 to {}", known.patch_sets.len()),
                )
            })
        };
        match range {
            Range::Whole => {
                set(u32::try_from(known.patch_sets.len()).unwrap_or(u32::MAX)).map(|set| (set.merge_base, set.head))
            }
            Range::PatchSet(k) => set(k).map(|set| (set.merge_base, set.head)),
            Range::Between(from, to) => {
                let (from, to) = (set(from)?, set(to)?);
                Ok((self.as_if_on(&from.head, &to.merge_base).await?, to.head))
            }
        }
    }

    /// A delivery as it would be with a later base merged in, so that what came in by the base is nobody's change; as it
    /// is, where that conflicts or nothing came in.
    async fn as_if_on(&self, head: &CommitId, base: &CommitId) -> Result<CommitId, ForgeError> {
        if self.contains(head, base).await? {
            return Ok(head.clone());
        }
        let merged = self.merge_trees(None, head, base).await?;
        Ok(merged.unwrap_or_else(|_| head.clone()))
    }

    fn comparing(&self, from: &CommitId, to: &CommitId, options: &DiffOptions) -> Call {
        let context = format!("-U{}", options.context.min(1_000));
        let args = [
            "diff",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--full-index",
            "--find-renames",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            &context,
            from.as_str(),
            to.as_str(),
            "--",
        ];
        let call = self
            .call(args)
            .env("GIT_LITERAL_PATHSPECS", "1")
            .limit(COMPARING)
            .most(options.most);
        match &options.path {
            Some(path) => call.arg(OsStr::from_bytes(path.as_bytes())),
            None => call,
        }
    }

    pub(super) async fn compare(
        &self,
        from: &CommitId,
        to: &CommitId,
        options: &DiffOptions,
    ) -> Result<Diff, ForgeError> {
        let ran = self.comparing(from, to, options).run().await?.success()?;
        Ok(diff::parse(&ran.stdout, ran.truncated))
    }

    pub(super) async fn diff(&self, number: u64, range: Range, options: &DiffOptions) -> Result<Diff, ForgeError> {
        let (from, to) = self.ends(number, range).await?;
        self.compare(&from, &to, options).await
    }

    pub(super) async fn patch(&self, number: u64, range: Range, options: &DiffOptions) -> Result<Patch, ForgeError> {
        let (from, to) = self.ends(number, range).await?;
        let ran = self.comparing(&from, &to, options).run().await?.success()?;
        Ok(Patch {
            text: String::from_utf8_lossy(&ran.stdout).into_owned(),
            truncated: ran.truncated,
        })
    }

    pub(super) async fn interdiff(&self, number: u64, from: u32, to: u32) -> Result<Patch, ForgeError> {
        let (old_base, old) = self.ends(number, Range::PatchSet(from)).await?;
        let (new_base, new) = self.ends(number, Range::PatchSet(to)).await?;
        let (one, other) = (format!("{old_base}..{old}"), format!("{new_base}..{new}"));
        let call = self
            .call(["range-diff", "--no-color", &one, &other])
            .limit(COMPARING)
            .most(4 << 20);
        let ran = call.run().await?.success()?;
        Ok(Patch {
            text: String::from_utf8_lossy(&ran.stdout).into_owned(),
            truncated: ran.truncated,
        })
    }

    /// What one commit changes of another, without the lines around.
    pub(super) async fn changes_between(&self, old: &CommitId, new: &CommitId) -> Result<Diff, ForgeError> {
        let options = DiffOptions {
            context: 0,
            ..DiffOptions::default()
        };
        self.compare(old, new, &options).await
    }
}
