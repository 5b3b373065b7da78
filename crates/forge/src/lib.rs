//! Pull requests: the port, its conformance suite and the local forge.
//!
//! The engine speaks to one [`Forge`], whatever stands behind it. Everything that changes something carries a key or an
//! expected commit, so that asking twice, also after a crash in the middle, changes nothing more.

#[cfg(feature = "conformance")]
pub mod conformance;
mod diff;
mod error;
mod forecast;
mod local;
mod merge;
mod path;
mod placing;
mod port;
mod pull_request;
mod revert;

pub use diff::{Change, Content, Diff, DiffOptions, FileDiff, Hunk, Line, LineKind, Mode, Patch, Range};
pub use error::{BadComment, ForgeError, Misplaced};
pub use forecast::{Clash, ConflictForecast};
pub use local::{LocalForge, LocalForgeOptions};
pub use merge::{Conflict, ConflictKind, Merge, MergeOutcome, Mergeability};
pub use path::{InvalidPath, RepoPath};
pub use port::{
    CloneSource, Connected, Forge, Identity, Notice, Publish, Published, RepositorySettings, Synced, TargetBranch,
};
pub use pull_request::{
    Anchor, Comment, NewComment, NewPullRequest, NewReply, NewReview, PatchSet, PullRequest, Resolution, Reverted,
    Review, Side, State, StateFilter, Summary, Thread,
};
pub use revert::{Revert, RevertOutcome};
