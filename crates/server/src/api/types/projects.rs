//! Projects, their repositories, and the people.

use serde::{Deserialize, Serialize};
use team6_core::ids::{BranchName, CommitId, PersonId, ProjectId, RepositoryId};
use team6_core::local_path::LocalPath;
use team6_core::project::{Project, Repository};
use team6_core::sprint::MergeMethod;
use team6_core::time::Timestamp;
use utoipa::ToSchema;

/// A person of the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonItem {
    /// Who.
    pub id: PersonId,
    /// The name for people.
    pub name: String,
    /// The address for commits.
    pub email: String,
    /// Whether they may approve plans.
    pub approves: bool,
}

/// Who a request acts for, and on which server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The person.
    pub person: PersonItem,
    /// The version of the server.
    pub version: String,
    /// What everybody who works with it should know, such as that agents run without a sandbox; a sentence each.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// Makes a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProjectRequest {
    /// Its name.
    pub id: ProjectId,
    /// What people call it; its name unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many agents may work at once, 1 to 100; what is configured unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
}

/// Changes a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProjectRequest {
    /// How many agents may work at once, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Whether work in review is brought up to date when its base moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_branches: Option<bool>,
}

/// Connects a repository to a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectRequest {
    /// Its name, unique over the whole server; the last part of its origin unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RepositoryId>,
    /// Where it is: an absolute path on the server, or a URL (file, https, ssh).
    pub origin: String,
    /// The branch that pull requests are merged into; the origin's default one unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchName>,
    /// Whether `branch` is made from the origin's default branch if it is not there.
    #[serde(default)]
    pub create_branch: bool,
    /// How pull requests are merged unless the owner says otherwise.
    #[serde(default)]
    pub merge_method: MergeMethod,
}

/// A repository that was connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectedRepository {
    /// The project with it.
    pub project: Project,
    /// The repository.
    pub repository: Repository,
    /// The head of its target branch.
    pub head: CommitId,
    /// What people should know before agents work on it.
    pub notices: Vec<ConnectionNotice>,
}

/// A file that workspaces of a repository get and no repository holds. Its content is never told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalFileItem {
    /// Its path, from the top of the repository.
    pub path: LocalPath,
    /// How large it is, in bytes.
    pub size: u64,
    /// Who gave it.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
    /// Whether the server has its content; after a backup was restored it may have to be given again.
    pub kept: bool,
}

/// What people should know of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionNotice {
    /// Which kind: submodules, lfs, large or updates_work_tree.
    pub notice: String,
    /// It in words.
    pub text: String,
}
