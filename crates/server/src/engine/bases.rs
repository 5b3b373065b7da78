//! Bases that move, told to the sprints that build on them.

use team6_core::ids::{BranchName, CommitId, ProjectId, RepositoryId};
use team6_core::sprint::{BaseHead, Command, Sprint};

use super::{ENGINE, Engine, EngineError};

impl Engine {
    /// Tells the open sprints of a project where the branch is that a repository's tasks are merged into, unless their
    /// project does not want to have branches brought up to date.
    pub async fn see_base(
        &self,
        project: &ProjectId,
        repository: &RepositoryId,
        branch: &BranchName,
        commit: &CommitId,
    ) -> Result<(), EngineError> {
        let known = self.project(project).await?;
        let target = known.repositories.get(repository).map(|repository| &repository.branch);
        if target != Some(branch) || !known.update_branches {
            return Ok(());
        }
        let head = BaseHead {
            branch: branch.clone(),
            commit: commit.clone(),
        };
        let is_news = |sprint: &Sprint, _| {
            let before = sprint.bases.get(repository).and_then(|base| base.head.as_ref());
            sprint.project == *project && before != Some(&head) && sprint.builds_on(repository)
        };
        for id in self.open_sprints().await? {
            if !self.read(id, is_news).await? {
                continue;
            }
            let sees = Command::SeeBase {
                repository: repository.clone(),
                branch: branch.clone(),
                commit: commit.clone(),
            };
            match self.execute(id, sees, ENGINE, None).await {
                Ok(_) | Err(EngineError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
