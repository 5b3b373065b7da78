//! The one place where errors become problems: a status, a stable code, and a text that says what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use team6_core::memory::MemoryRefusal;
use team6_core::project::ProjectRefusal;
use team6_core::sprint::Refusal;
use team6_core::text::cleaned;
use team6_forge::ForgeError;
use team6_queue::QueueError;
use team6_store::{BackupError, StorageError, StoreError, TraceError};

use super::types::Problem;
use crate::engine::EngineError;
use crate::records::RecordsError;

/// Why a request was not carried out.
#[derive(Debug)]
pub(super) struct ApiError(Box<Problem>);

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let mut title = code.replace('-', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self(Box::new(Problem {
            kind: format!("urn:team6:problem:{code}"),
            title,
            status: status.as_u16(),
            // It may tell what somebody sent, or a file said.
            detail: cleaned(&detail.into()),
            code: code.to_owned(),
            more: Map::new(),
        }))
    }

    pub(super) fn bad(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    pub(super) fn missing(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    pub(super) fn unusable(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    pub(super) fn with(mut self, key: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.0.more.insert(key.to_owned(), value);
        self
    }

    /// The same for a request that named the version that it expected.
    pub(super) fn for_precondition(mut self) -> Self {
        if self.0.code == "plan-moved" {
            self.0.status = StatusCode::PRECONDITION_FAILED.as_u16();
        }
        self
    }

    /// Something failed that neither the request nor the rules are to blame for.
    pub(super) fn failed(status: StatusCode, code: &str, error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        tracing::error!(error = text, "a request failed");
        Self::new(status, code, text)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&*self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let text = error.to_string();
        match error {
            EngineError::Refused(refusal) => refused(&refusal),
            EngineError::ProjectRefused(refusal) => project_refused(&refusal),
            EngineError::MemoryRefused(refusal) => memory_refused(&refusal),
            EngineError::NoSuchSprint(sprint) => {
                Self::missing("no-such-sprint", format!("{text}; see the list of sprints")).with("sprint", sprint)
            }
            EngineError::NoSuchTask(task) => {
                Self::missing("no-such-task", format!("{text}; see the list of tasks")).with("task", task)
            }
            EngineError::NoSuchProject(project) => {
                let text = format!("{text}; see the list of projects, or create it");
                Self::missing("no-such-project", text).with("project", project)
            }
            EngineError::KeyReused(_) => Self::unusable("idempotency-key-reused", KEY_REUSED),
            EngineError::AlreadyAnswered(_) => Self::new(StatusCode::CONFLICT, "already-answered", text),
            EngineError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text),
            EngineError::Unreadable { .. } => {
                Self::failed(StatusCode::INTERNAL_SERVER_ERROR, "unreadable-event", &error)
            }
            EngineError::Storage(error) => error.into(),
            EngineError::Queue(error) => error.into(),
        }
    }
}

/// The key itself is left out: it names the person and the request as the store knows them.
const KEY_REUSED: &str = "this Idempotency-Key was used for another request; send this one with a new key";

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        refused(&refusal)
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        let (status, code) = match &error {
            StorageError::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            StorageError::Closed { .. } => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            StorageError::DiskFull { .. } => (StatusCode::INSUFFICIENT_STORAGE, "disk-full"),
            StorageError::Corrupt { .. } | StorageError::NewerSchema { .. } | StorageError::Io { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "storage-failed")
            }
        };
        Self::failed(status, code, &error)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<TraceError> for ApiError {
    fn from(error: TraceError) -> Self {
        match error {
            TraceError::Storage(error) => error.into(),
            TraceError::Gap { .. } => Self::new(StatusCode::CONFLICT, "trace-gap", error.to_string()),
        }
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Storage(error) => error.into(),
            QueueError::Lost { .. } => Self::new(StatusCode::CONFLICT, "lease-lost", error.to_string()),
        }
    }
}

impl From<BackupError> for ApiError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Storage(error) => error.into(),
            BackupError::Exists { .. } => Self::new(StatusCode::CONFLICT, "backup-exists", error.to_string()),
            BackupError::Io { .. } => Self::unusable("backup-failed", error.to_string()),
        }
    }
}

impl From<RecordsError> for ApiError {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Databases(error) => error.into(),
            RecordsError::Repository { .. } | RecordsError::Io { .. } => {
                Self::failed(StatusCode::INTERNAL_SERVER_ERROR, "backup-failed", &error)
            }
        }
    }
}

impl From<ForgeError> for ApiError {
    fn from(error: ForgeError) -> Self {
        if error.is_out_of_room() {
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", error.to_string());
        }
        let (status, code) = match &error {
            ForgeError::UnknownRepository { .. } => (StatusCode::NOT_FOUND, "repository-not-connected"),
            ForgeError::UnknownPullRequest { .. } => (StatusCode::NOT_FOUND, "no-such-pull-request"),
            ForgeError::UnknownBranch { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "no-such-branch"),
            ForgeError::NotARepository { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "not-a-repository"),
            ForgeError::Empty { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "repository-empty"),
            ForgeError::NoPermission { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "repository-no-permission"),
            ForgeError::CheckedOut { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "branch-checked-out"),
            ForgeError::Unreachable { .. } => (StatusCode::BAD_GATEWAY, "repository-unreachable"),
            ForgeError::BranchMoved { .. } => (StatusCode::CONFLICT, "branch-moved"),
            ForgeError::CommitRefused { .. } => (StatusCode::CONFLICT, "commit-refused"),
            ForgeError::NothingToReview { .. } => (StatusCode::CONFLICT, "nothing-to-review"),
            ForgeError::AlreadyOpen { .. } => (StatusCode::CONFLICT, "pull-request-open"),
            ForgeError::WrongState { .. } => (StatusCode::CONFLICT, "pull-request-state"),
            ForgeError::BranchInUse { .. } => (StatusCode::CONFLICT, "branch-in-use"),
            ForgeError::BadComments(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad-comments"),
            ForgeError::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "not-usable"),
            ForgeError::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            ForgeError::Damaged { .. } | ForgeError::Git(_) | ForgeError::Io { .. } => {
                return Self::failed(StatusCode::INTERNAL_SERVER_ERROR, "forge-failed", &error);
            }
        };
        let problem = Self::new(status, code, error.to_string());
        match error {
            ForgeError::UnknownBranch { near, .. } => problem.with("near", near),
            _ => problem,
        }
    }
}

fn refused(refusal: &Refusal) -> ApiError {
    let status = match refusal {
        Refusal::NoGoal
        | Refusal::EmptyText
        | Refusal::TextTooLong { .. }
        | Refusal::BadPlan { .. }
        | Refusal::EmptyReview
        | Refusal::NoTitle
        | Refusal::ForeignRepository { .. }
        | Refusal::UnknownAgent { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::NoSuchTask { .. }
        | Refusal::NoSuchQuestion { .. }
        | Refusal::NoSuchVersion { .. }
        | Refusal::NoSuchAttempt { .. } => StatusCode::NOT_FOUND,
        Refusal::NotOwner { .. } | Refusal::NotOwnerOrLead { .. } | Refusal::NotLead { .. } => StatusCode::FORBIDDEN,
        _ => StatusCode::CONFLICT,
    };
    let problem = from_refusal(status, refusal);
    match refusal {
        Refusal::NotApprovable { reasons, .. } => problem.with("reasons", with_texts(reasons)),
        Refusal::BadPlan { problems, late } => {
            problem.with("problems", [with_texts(problems), with_texts(late)].concat())
        }
        Refusal::PlanTooLate { problems } => problem.with("problems", with_texts(problems)),
        _ => problem,
    }
}

fn project_refused(refusal: &ProjectRefusal) -> ApiError {
    let (status, code) = match refusal {
        ProjectRefusal::Exists { .. } => (StatusCode::CONFLICT, "project-exists"),
        ProjectRefusal::Missing => (StatusCode::NOT_FOUND, "no-such-project"),
        ProjectRefusal::RepositoryExists { .. } => (StatusCode::CONFLICT, "repository-exists"),
        ProjectRefusal::RepositoryMissing { .. } => (StatusCode::NOT_FOUND, "no-such-repository"),
        ProjectRefusal::RepositoryInUse { .. } => (StatusCode::CONFLICT, "repository-in-use"),
        ProjectRefusal::LocalFileMissing { .. } => (StatusCode::NOT_FOUND, "no-such-local-file"),
        ProjectRefusal::LocalFileInTheWay { .. } => (StatusCode::CONFLICT, "local-file-in-the-way"),
        ProjectRefusal::TooManyLocalFiles { .. } => (StatusCode::CONFLICT, "too-many-local-files"),
        ProjectRefusal::CheckExists { .. } | ProjectRefusal::CheckTogetherExists { .. } => {
            (StatusCode::CONFLICT, "check-exists")
        }
        ProjectRefusal::CheckMissing { .. } | ProjectRefusal::CheckTogetherMissing { .. } => {
            (StatusCode::NOT_FOUND, "no-such-check")
        }
        ProjectRefusal::TooManyChecks { .. } | ProjectRefusal::TooManyChecksTogether => {
            (StatusCode::CONFLICT, "too-many-checks")
        }
        ProjectRefusal::InvalidCheck { .. } | ProjectRefusal::OneRepository { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "bad-check")
        }
        ProjectRefusal::Concurrency { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "bad-concurrency"),
    };
    let mut problem = ApiError::new(status, code, refusal.to_string());
    problem.0.more = from_refusal(status, refusal).0.more;
    problem
}

fn memory_refused(refusal: &MemoryRefusal) -> ApiError {
    let status = match refusal {
        MemoryRefusal::NoSuchMemory { .. } => StatusCode::NOT_FOUND,
        MemoryRefusal::TooShort
        | MemoryRefusal::TooLong { .. }
        | MemoryRefusal::EvidenceTooLong { .. }
        | MemoryRefusal::SeemsSecret { .. }
        | MemoryRefusal::NoChange => StatusCode::UNPROCESSABLE_ENTITY,
        MemoryRefusal::NotAMember => StatusCode::FORBIDDEN,
        MemoryRefusal::SaidAlready { .. }
        | MemoryRefusal::TakenOut { .. }
        | MemoryRefusal::Pinned { .. }
        | MemoryRefusal::NotActive { .. }
        | MemoryRefusal::NotCandidate { .. }
        | MemoryRefusal::Counts { .. }
        | MemoryRefusal::Full => StatusCode::CONFLICT,
    };
    from_refusal(status, refusal)
}

/// The variant's name becomes the code, its fields stand beside it.
fn from_refusal(status: StatusCode, refusal: &(impl Serialize + ToString)) -> ApiError {
    let mut fields = match serde_json::to_value(refusal) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let name = fields.remove("refusal");
    let code = name
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or("refused")
        .replace('_', "-");
    let mut problem = ApiError::new(status, &code, refusal.to_string());
    problem.0.more = fields;
    problem
}

/// Each with its sentence.
fn with_texts<T: Serialize + ToString>(reasons: &[T]) -> Vec<Value> {
    let with_text = |reason: &T| {
        let mut value = serde_json::to_value(reason).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("text".to_owned(), cleaned(&reason.to_string()).into());
        }
        value
    };
    reasons.iter().map(with_text).collect()
}
