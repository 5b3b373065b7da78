//! What the forge remembers of a pull request, kept in git: a chain of commits, each with one JSON document.
//!
//! A record is changed by moving its ref from the commit that was read to a new one, so two writers never lose each
//! other's change, and the chain is the audit: `git log -p refs/team6/changes/<n>/meta`.

use serde::{Deserialize, Serialize};
use team6_core::ids::CommitId;
use team6_core::sprint::MergeMethod;
use team6_core::time::Timestamp;

use super::repository::{Expect, RefUpdate, Repository, read_id};
use crate::error::ForgeError;
use crate::pull_request::PullRequest;

/// The version of the document that this program writes and reads.
const FORMAT: u32 = 1;

/// The file in each commit's tree.
const FILE: &str = "pull-request.json";

/// How many bytes one record may have.
const MOST: usize = 16 << 20;

/// How often a change is tried anew when others were quicker.
pub(super) const TRIES: u32 = 20;

/// How many records are read by one call of git.
const BATCH: usize = 64;

/// All that is kept of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Document {
    format: u32,
    pub(super) pull_request: PullRequest,
    /// Every commit that was about to be pushed as its merge, oldest first. Whichever the base holds is the merge.
    #[serde(default)]
    pub(super) intents: Vec<Intent>,
    /// Every commit that was about to be pushed to take the merge back, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) reverts: Vec<Intent>,
}

/// A merge, or what takes one back, that was about to be pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Intent {
    /// What asked for it.
    pub(super) key: String,
    /// What is pushed.
    pub(super) commit: CommitId,
    /// Where the base was.
    pub(super) base: CommitId,
    /// What is merged, or taken back.
    pub(super) head: CommitId,
    pub(super) method: MergeMethod,
    pub(super) by: String,
    pub(super) at: Timestamp,
}

/// A document and the commit that it was read from.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) at: CommitId,
    pub(super) document: Document,
}

/// What a change leads to.
pub(super) enum Step<T> {
    /// Nothing to write.
    Done(T),
    /// The document was changed; `summary` is for the audit, `refs` move with it.
    Write {
        summary: String,
        refs: Vec<RefUpdate>,
        answer: T,
    },
}

impl Document {
    pub(super) fn new(pull_request: PullRequest) -> Self {
        Self {
            format: FORMAT,
            pull_request,
            intents: Vec::new(),
            reverts: Vec::new(),
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.pull_request.number
    }
}

/// A ref of a pull request: `meta`, `head`, `merging`, `merged`, `reverting`, `reverted` or `ps/<k>`.
pub(super) fn ref_of(number: u64, part: &str) -> String {
    format!("refs/team6/changes/{number}/{part}")
}

impl Repository {
    /// The record of a pull request.
    pub(super) async fn record(&self, number: u64) -> Result<Record, ForgeError> {
        let unknown = || ForgeError::UnknownPullRequest {
            repository: self.id().clone(),
            number,
        };
        let at = self.find(&ref_of(number, "meta")).await?.ok_or_else(unknown)?;
        let spec = format!("{at}:{FILE}");
        let bytes = self.call(["cat-file", "blob", &spec]).most(MOST).bytes().await?;
        Ok(Record {
            document: parse(number, &bytes)?,
            at,
        })
    }

    /// The records of all pull requests, by number.
    pub(super) async fn records(&self) -> Result<Vec<Record>, ForgeError> {
        let format = "--format=%(objectname) %(refname)";
        let listed = self
            .call(["for-each-ref", format, "refs/team6/changes/*/meta"])
            .text()
            .await?;
        let mut known = Vec::new();
        for line in listed.lines() {
            let Some((at, name)) = line.split_once(' ') else {
                continue;
            };
            let number = name.split('/').nth(3).and_then(|n| n.parse::<u64>().ok());
            known.extend(
                number
                    .map(|number| Ok::<_, ForgeError>((number, CommitId::new(at)?)))
                    .transpose()?,
            );
        }
        known.sort();
        let mut records = Vec::with_capacity(known.len());
        for some in known.chunks(BATCH) {
            let wanted: String = some.iter().map(|(_, at)| format!("{at}:{FILE}\n")).collect();
            let bytes = self
                .call(["cat-file", "--batch"])
                .stdin(wanted)
                .most(BATCH * MOST)
                .bytes()
                .await?;
            let mut rest = bytes.as_slice();
            for (number, at) in some {
                let (document, left) = next_blob(*number, rest)?;
                rest = left;
                records.push(Record {
                    at: at.clone(),
                    document,
                });
            }
        }
        Ok(records)
    }

    /// Writes the first record of a pull request. False if its number was taken in the meantime.
    pub(super) async fn create_record(
        &self,
        document: &Document,
        mut refs: Vec<RefUpdate>,
    ) -> Result<bool, ForgeError> {
        let pull_request = &document.pull_request;
        let summary = format!("open: {}", pull_request.title);
        let first = self.write_record(document, None, pull_request.opened, &summary).await?;
        let meta = RefUpdate::new(ref_of(document.number(), "meta"), Some(&first), Expect::Absent);
        refs.insert(0, meta);
        self.transact(&refs).await
    }

    /// Changes a record: `change` looks at the newest one, and again if somebody was quicker.
    pub(super) async fn change_record<T>(
        &self,
        number: u64,
        now: Timestamp,
        mut change: impl FnMut(&mut Document) -> Result<Step<T>, ForgeError>,
    ) -> Result<T, ForgeError> {
        for _ in 0..TRIES {
            let mut record = self.record(number).await?;
            match change(&mut record.document)? {
                Step::Done(answer) => return Ok(answer),
                Step::Write { summary, refs, answer } => {
                    if self.replace_record(&record, now, &summary, refs).await? {
                        return Ok(answer);
                    }
                }
            }
        }
        Err(self.busy(number))
    }

    /// Writes a changed record in the place of the one that it was read from. False if somebody was quicker.
    pub(super) async fn replace_record(
        &self,
        record: &Record,
        now: Timestamp,
        summary: &str,
        mut refs: Vec<RefUpdate>,
    ) -> Result<bool, ForgeError> {
        let number = record.document.number();
        let next = self
            .write_record(&record.document, Some(&record.at), now, summary)
            .await?;
        let expect = Expect::At(record.at.clone());
        refs.insert(0, RefUpdate::new(ref_of(number, "meta"), Some(&next), expect));
        self.transact(&refs).await
    }

    pub(super) fn busy(&self, number: u64) -> ForgeError {
        ForgeError::Busy {
            what: format!("pull request {number} of {}", self.id()),
        }
    }

    async fn write_record(
        &self,
        document: &Document,
        before: Option<&CommitId>,
        now: Timestamp,
        summary: &str,
    ) -> Result<CommitId, ForgeError> {
        let damaged = |error: serde_json::Error| ForgeError::Damaged {
            what: format!("pull request {}", document.number()),
            why: error.to_string(),
        };
        let mut bytes = serde_json::to_vec_pretty(document).map_err(damaged)?;
        bytes.push(b'\n');
        if bytes.len() > MOST {
            return Err(ForgeError::invalid(
                format!("pull request {}", document.number()),
                "it has too many comments; close it and open a new one",
            ));
        }
        let blob = self.write_object("blob", bytes).await?;
        let entry = format!("100644 blob {blob}\t{FILE}\n");
        let tree = read_id(&self.call(["mktree"]).stdin(entry).bytes().await?)?;
        let parents: Vec<&CommitId> = before.into_iter().collect();
        self.write_commit(&tree, &parents, &self.engine, now, summary).await
    }
}

fn parse(number: u64, bytes: &[u8]) -> Result<Document, ForgeError> {
    let damaged = |why: String| ForgeError::Damaged {
        what: format!("pull request {number}"),
        why,
    };
    let document: Document = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if document.format > FORMAT {
        return Err(damaged(
            "it was written by a newer version of this program: use that one".to_owned(),
        ));
    }
    if document.pull_request.patch_sets.is_empty() {
        return Err(damaged("it has no patch set".to_owned()));
    }
    Ok(document)
}

/// Reads `<name> blob <size>`, the bytes, and a line's end; gives what follows.
fn next_blob(number: u64, bytes: &[u8]) -> Result<(Document, &[u8]), ForgeError> {
    let end = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    let header = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
    let size = header.rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
    let body = size.and_then(|size| bytes.get(end + 1..end + 1 + size));
    let body = body.ok_or_else(|| ForgeError::Damaged {
        what: format!("pull request {number}"),
        why: format!("git says {header:?}"),
    })?;
    let rest = bytes.get(end + 2 + body.len()..).unwrap_or_default();
    Ok((parse(number, body)?, rest))
}
