//! Projects, their repositories, and the people.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use team6_core::ids::{BranchName, ProjectId, RepositoryId, SprintId};
use team6_core::project::{Project, ProjectCommand, Repository};
use team6_forge::{Notice, RepositorySettings, TargetBranch};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::{Caller, Nothing, Order, OrderHeaders, Path, PersonHeader};
use super::types::{
    ConnectRequest, ConnectedRepository, ConnectionNotice, CreateProjectRequest, Me, Page, PersonItem,
    UpdateProjectRequest,
};

/// The longest title of a project, in characters.
const TITLE_MOST: usize = 200;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(show_me))
        .routes(routes!(list_people))
        .routes(routes!(list_projects, create_project))
        .routes(routes!(show_project, update_project))
        .routes(routes!(connect_repository))
        .routes(routes!(remove_repository))
}

/// Tells whom a request acts for.
#[utoipa::path(get, path = "/me", tag = "people", params(PersonHeader), responses((status = OK, body = Me)))]
async fn show_me(State(api): State<ApiState>, Caller(me): Caller) -> Answer<Me> {
    let person = people(&api).find(|person| person.id == me);
    let person = person.ok_or_else(|| ApiError::missing("unknown-person", format!("{me} is not one of the people")))?;
    Ok(Json(Me {
        person,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        warnings: api.warnings.clone(),
    }))
}

/// Lists the people of the team.
#[utoipa::path(get, path = "/people", tag = "people", responses((status = OK, body = Page<PersonItem>)))]
async fn list_people(State(api): State<ApiState>) -> Json<Page<PersonItem>> {
    Json(whole(people(&api).collect()))
}

fn people(api: &ApiState) -> impl Iterator<Item = PersonItem> {
    api.people.iter().map(|(id, person)| PersonItem {
        id: id.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        approves: person.approves,
    })
}

/// Lists all projects, by name.
#[utoipa::path(get, path = "/projects", tag = "projects", responses((status = OK, body = Page<Project>)))]
async fn list_projects(State(api): State<ApiState>) -> Answer<Page<Project>> {
    let projects = api.engine.projects().await?;
    Ok(Json(whole(projects.into_values().collect())))
}

/// Makes a project.
#[utoipa::path(post, path = "/projects", tag = "projects", params(OrderHeaders), request_body = CreateProjectRequest,
    responses((status = CREATED, body = Project)))]
async fn create_project(
    State(api): State<ApiState>,
    order: Order<CreateProjectRequest>,
) -> Result<(StatusCode, Json<Project>), ApiError> {
    let Order { by, body, key, .. } = order;
    let id = body.id;
    let title = body
        .title
        .map(|title| title.trim().to_owned())
        .filter(|title| !title.is_empty());
    if title.as_ref().is_some_and(|title| title.chars().count() > TITLE_MOST) {
        let text = format!("title: it is longer than {TITLE_MOST} characters; give it a shorter one");
        return Err(ApiError::unusable("bad-field", text).with("field", "title"));
    }
    let create = ProjectCommand::Create {
        id: id.clone(),
        title: title.unwrap_or_else(|| id.to_string()),
        concurrency: body.concurrency.unwrap_or(api.at_once),
        by: by.clone(),
    };
    let project = api.on_project(&id, &by, key.as_ref(), create).await?;
    Ok((StatusCode::CREATED, Json(project)))
}

/// Shows a project.
#[utoipa::path(get, path = "/projects/{project}", tag = "projects", params(("project" = ProjectId, Path)),
    responses((status = OK, body = Project)))]
async fn show_project(State(api): State<ApiState>, Path(project): Path<ProjectId>) -> Answer<Project> {
    Ok(Json(api.engine.project(&project).await?))
}

/// Changes how many agents of a project work at once, or whether work in review is brought up to date when its base moves.
#[utoipa::path(patch, path = "/projects/{project}", tag = "projects",
    params(("project" = ProjectId, Path), OrderHeaders), request_body = UpdateProjectRequest,
    responses((status = OK, body = Project)))]
async fn update_project(
    State(api): State<ApiState>,
    Path(project): Path<ProjectId>,
    order: Order<UpdateProjectRequest>,
) -> Answer<Project> {
    let Order { by, body, key, .. } = order;
    let concurrency = body.concurrency.map(|concurrency| ProjectCommand::SetConcurrency {
        concurrency,
        by: by.clone(),
    });
    let update_branches = body
        .update_branches
        .map(|on| ProjectCommand::SetUpdateBranches { on, by: by.clone() });
    let (first, second) = match (concurrency, update_branches) {
        (Some(first), second) => (first, second),
        (None, Some(only)) => (only, None),
        (None, None) => {
            let text = "nothing is to be changed; give concurrency or update_branches";
            return Err(ApiError::unusable("bad-field", text.to_owned()).with("field", "concurrency"));
        }
    };
    let changed = match second {
        // To set both twice is to set them once; the last one answers whoever asks again.
        Some(second) => {
            api.on_project(&project, &by, None, first).await?;
            api.on_project(&project, &by, key.as_ref(), second).await?
        }
        None => api.on_project(&project, &by, key.as_ref(), first).await?,
    };
    // More may begin now than a moment ago.
    api.queue.ring(&project);
    Ok(Json(changed))
}

/// Connects a repository to a project, after a look whether it can be used as asked.
#[utoipa::path(post, path = "/projects/{project}/repositories", tag = "projects",
    params(("project" = ProjectId, Path), OrderHeaders), request_body = ConnectRequest,
    responses((status = CREATED, body = ConnectedRepository)))]
async fn connect_repository(
    State(api): State<ApiState>,
    Path(project): Path<ProjectId>,
    order: Order<ConnectRequest>,
) -> Result<(StatusCode, Json<ConnectedRepository>), ApiError> {
    let Order { by, body, key, .. } = order;
    let id = match body.id {
        Some(id) => id,
        None => name_of(&body.origin)?,
    };
    let _alone = api.connecting().lock().await;
    let origin = without_credentials(&body.origin);
    match api.was_carried_out(key.as_ref()).await? {
        None => is_free(&api, &project, &id).await?,
        Some(_) => is_still_connected(&api, &project, &id, &origin).await?,
    }
    let settings = RepositorySettings {
        id: id.clone(),
        origin: body.origin.clone(),
        branch: target(body.branch, body.create_branch)?,
        method: body.merge_method,
    };
    let connected = api.forge.connect(&settings).await?;
    let repository = Repository {
        id,
        origin,
        branch: connected.branch,
        merge_method: body.merge_method,
    };
    let add = ProjectCommand::AddRepository {
        repository: repository.clone(),
        by: by.clone(),
    };
    let answer = ConnectedRepository {
        project: api.on_project(&project, &by, key.as_ref(), add).await?,
        repository,
        head: connected.head,
        notices: connected.notices.iter().map(notice).collect(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

fn target(branch: Option<BranchName>, create: bool) -> Result<TargetBranch, ApiError> {
    match (branch, create) {
        (Some(branch), true) => Ok(TargetBranch::Create(branch)),
        (Some(branch), false) => Ok(TargetBranch::Existing(branch)),
        (None, false) => Ok(TargetBranch::Default),
        (None, true) => {
            let text = "create_branch: there is no branch to create; name it as branch";
            Err(ApiError::unusable("bad-field", text).with("field", "branch"))
        }
    }
}

/// A name is taken once on the whole server, because the forge knows repositories by it.
async fn is_free(api: &ApiState, project: &ProjectId, id: &RepositoryId) -> Result<(), ApiError> {
    let projects = api.engine.projects().await?;
    if !projects.contains_key(project) {
        return Err(crate::engine::EngineError::NoSuchProject(project.clone()).into());
    }
    match projects.values().find(|other| other.repositories.contains_key(id)) {
        None => Ok(()),
        Some(other) => {
            let text = format!(
                "repository {id} is in project {} already; give this one another name",
                other.id
            );
            let problem = ApiError::new(StatusCode::CONFLICT, "repository-exists", text);
            Err(problem.with("repository", id).with("project", &other.id))
        }
    }
}

/// An order that was carried out before is answered by another look at the repository, as long as it is the same one.
async fn is_still_connected(
    api: &ApiState,
    project: &ProjectId,
    id: &RepositoryId,
    origin: &str,
) -> Result<(), ApiError> {
    let known = api.engine.project(project).await?.repositories.remove(id);
    if known.is_some_and(|repository| repository.origin == origin) {
        return Ok(());
    }
    let text = format!("repository {id} was connected by this request and removed since; connect it with a new key");
    Err(ApiError::new(StatusCode::CONFLICT, "already-answered", text))
}

/// The last part of an origin as a name: `https://host/team/Web.git` is `web`.
fn name_of(origin: &str) -> Result<RepositoryId, ApiError> {
    let last = origin
        .trim_end_matches('/')
        .rsplit(['/', ':'])
        .next()
        .unwrap_or_default();
    let last = last.strip_suffix(".git").unwrap_or(last).to_lowercase();
    let words = last
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    RepositoryId::new(name).map_err(|_| {
        let text = "id: the repository has no name that can be taken from its origin; give it one";
        ApiError::unusable("bad-field", text).with("field", "id")
    })
}

/// What may be kept and shown: user and password of a URL are left out.
fn without_credentials(origin: &str) -> String {
    match origin.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{}", &rest[end..])
        }
        None => origin.to_owned(),
    }
}

fn notice(notice: &Notice) -> ConnectionNotice {
    let (name, text) = match notice {
        Notice::Submodules { paths } => (
            "submodules",
            format!(
                "it has submodules; agents get their files, and deliver changes of those only that are repositories of \
                 the task: {}",
                paths.join(", ")
            ),
        ),
        Notice::Lfs => (
            "lfs",
            "files kept by Git LFS reach agents where git-lfs is installed on the server, else their pointers"
                .to_owned(),
        ),
        Notice::Large { bytes } => (
            "large",
            format!("it is large ({} MB); the first clone takes a while", bytes / 1_000_000),
        ),
        Notice::UpdatesWorkTree { work_tree } => (
            "updates_work_tree",
            format!("merges also update the clean work tree {}", work_tree.display()),
        ),
    };
    ConnectionNotice {
        notice: name.to_owned(),
        text,
    }
}

/// Takes a repository out of a project, unless open sprints plan with it. The repository itself stays as it is.
#[utoipa::path(delete, path = "/projects/{project}/repositories/{repository}", tag = "projects",
    params(("project" = ProjectId, Path), ("repository" = RepositoryId, Path), OrderHeaders),
    responses((status = OK, body = Project)))]
async fn remove_repository(
    State(api): State<ApiState>,
    Path((project, repository)): Path<(ProjectId, RepositoryId)>,
    Order { by, key, .. }: Order<Nothing>,
) -> Answer<Project> {
    let in_use = sprints_with(&api, &project, &repository).await?;
    let id = repository.clone();
    let remove = ProjectCommand::RemoveRepository {
        repository,
        in_use,
        by: by.clone(),
    };
    let _alone = api.connecting().lock().await;
    let answer = api.on_project(&project, &by, key.as_ref(), remove).await?;
    if !answer.repositories.contains_key(&id)
        && let Err(error) = api.local_files.forget(&project, &id)
    {
        tracing::warn!(%project, repository = %id, %error, "local files of a repository that was removed stay");
    }
    Ok(Json(answer))
}

/// The open sprints of a project with tasks that touch a repository and are not ended.
async fn sprints_with(
    api: &ApiState,
    project: &ProjectId,
    repository: &RepositoryId,
) -> Result<Vec<SprintId>, ApiError> {
    let mut found = Vec::new();
    for id in api.engine.open_sprints().await? {
        let uses = api.engine.read(id, |sprint, _| {
            let mut tasks = sprint.planned_tasks().filter(|task| !task.work.stage.is_ended());
            sprint.project == *project && tasks.any(|task| task.planned.repositories.contains(repository))
        });
        if uses.await? {
            found.push(id);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_named_after_the_end_of_its_origin() {
        let name = |origin| name_of(origin).map(|id| id.to_string()).ok();
        assert_eq!(name("/srv/git/My Web.git/").as_deref(), Some("my-web"));
        assert_eq!(name("git@host:team/api_2.git").as_deref(), Some("api-2"));
        assert_eq!(name("https://host/").as_deref(), Some("host"));
        assert_eq!(name("///"), None);
    }

    #[test]
    fn credentials_of_an_origin_are_not_kept() {
        assert_eq!(
            without_credentials("https://ada:pw@d@host:8/x@y.git"),
            "https://host:8/x@y.git"
        );
        assert_eq!(without_credentials("ssh://git@host/x"), "ssh://host/x");
        assert_eq!(without_credentials("/srv/a@b"), "/srv/a@b");
    }
}
