//! Steps that somebody takes, small enough to be drawn and shortened. What a number stands for depends on the sprint.

use std::time::Duration;

use proptest::prelude::*;
use team6_core::ids::{CommitId, FencingToken, PersonId, PlanVersion, RepositoryId, TaskId};
use team6_core::plan::{Plan, PlannedTask, Priority};
use team6_core::sprint::{Command, Sprint};
use team6_core::time::Timestamp;

use crate::books::Books;
use crate::commands::{answered, did, said};

/// A step: who takes it stands in it by a small number.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// So many seconds pass, and the engine looks.
    Passes(u16),
    /// The engine looks at the time of its next deadline.
    Deadline,
    /// The first job is taken by a worker.
    Takes(u8),
    /// A worker says something of an attempt, counted from the newest; its token may be one too old or too new.
    Worker(u8, i8, Word),
    /// A person does something about a task.
    Person(u8, u8, Deed),
    /// The forge answers.
    Forge(u8, u8, Answer),
    /// Somebody saves a plan.
    Plans(Plan),
    /// The worker has room, or has none.
    Room(bool),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    Ready,
    Session,
    Beat,
    /// A heartbeat that tells of so many hundred tokens more.
    Spends(u8),
    Progress,
    Asks,
    AsksPlanning,
    Delegates(u8),
    DelegatesAnew(u8),
    Awaits,
    GivesUp(u8),
    Completes,
    Reads,
    Delivers(u8),
    DeliversNothing,
    Replies,
    Fails(u8, u8),
    Interrupted,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    Owns,
    Deputes(bool),
    Chooses,
    Approves,
    Restores,
    Reviews(u8),
    Merges,
    Chats(bool),
    ChatsPlanning,
    Retries,
    RetriesPlanning,
    AddsSubtask(u8),
    Budgets(u8),
    BudgetsAll(u8),
    Cancels,
    Pauses,
    Resumes,
    PausesAll,
    ResumesAll,
    Answers,
    Skips,
    Hands,
    CancelsAll,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Shown,
    NotShown,
    Checked(u8),
    Tried(bool),
    Merged,
    /// What was asked of it last, well done.
    AsAsked,
    Conflict,
    NotMerged,
    Fails,
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let word = prop_oneof![
        1 => Just(Word::Ready),
        1 => Just(Word::Session),
        1 => Just(Word::Beat),
        1 => Just(Word::Progress),
        1 => Just(Word::Asks),
        1 => Just(Word::AsksPlanning),
        1 => Just(Word::Reads),
        4 => (0..4_u8).prop_map(Word::Delivers),
        1 => Just(Word::DeliversNothing),
        1 => Just(Word::Replies),
        3 => (0..9_u8, 0..3_u8).prop_map(|(kind, left)| Word::Fails(kind, left)),
        1 => Just(Word::Interrupted),
    ];
    let deed = prop_oneof![
        2 => Just(Deed::Owns),
        1 => any::<bool>().prop_map(Deed::Deputes),
        1 => Just(Deed::Chooses),
        2 => Just(Deed::Approves),
        1 => Just(Deed::Restores),
        6 => (0..4_u8).prop_map(Deed::Reviews),
        6 => Just(Deed::Merges),
        2 => any::<bool>().prop_map(Deed::Chats),
        1 => Just(Deed::ChatsPlanning),
        3 => Just(Deed::Retries),
        1 => Just(Deed::RetriesPlanning),
        1 => Just(Deed::Cancels),
        1 => Just(Deed::Pauses),
        2 => Just(Deed::Resumes),
        1 => Just(Deed::PausesAll),
        3 => Just(Deed::ResumesAll),
        1 => Just(Deed::Answers),
        1 => Just(Deed::Skips),
        1 => Just(Deed::Hands),
    ];
    let answer = prop_oneof![
        8 => Just(Answer::AsAsked),
        6 => Just(Answer::Shown),
        1 => Just(Answer::NotShown),
        3 => any::<bool>().prop_map(Answer::Tried),
        3 => Just(Answer::Merged),
        6 => (0..4_u8).prop_map(Answer::Checked),
        4 => Just(Answer::Conflict),
        1 => Just(Answer::NotMerged),
        1 => Just(Answer::Fails),
    ];
    let token = prop_oneof![12 => Just(0_i8), 1 => Just(-1_i8), 1 => Just(1_i8)];
    let attempt = prop_oneof![4 => Just(0_u8), 1 => 0..4_u8];
    prop_oneof![
        3 => prop_oneof![0..200_u16, 0..20_000_u16].prop_map(Step::Passes),
        4 => Just(Step::Deadline),
        8 => (0..4_u8).prop_map(Step::Takes),
        10 => (attempt, token, word).prop_map(|(attempt, token, word)| Step::Worker(attempt, token, word)),
        10 => (prop_oneof![9 => Just(0_u8), 1 => 0..3_u8], 0..5_u8, deed).prop_map(|(by, task, deed)| Step::Person(by, task, deed)),
        8 => (0..5_u8, 0..2_u8, answer).prop_map(|(task, repository, answer)| Step::Forge(task, repository, answer)),
        1 => any_plan().prop_map(Step::Plans),
        1 => any::<bool>().prop_map(Step::Room),
        // A sprint that is given up is over, so that it is rare.
        1 => prop_oneof![30 => Just(Step::Deadline), 1 => Just(Step::Person(0, 0, Deed::CancelsAll))],
    ]
}

/// Any step, and every few of them one of delegation.
pub(crate) fn any_step_or_delegation() -> impl Strategy<Value = Step> {
    let word = prop_oneof![
        4 => any::<u8>().prop_map(Word::Delegates),
        2 => any::<u8>().prop_map(Word::DelegatesAnew),
        4 => Just(Word::Awaits),
        2 => any::<u8>().prop_map(Word::GivesUp),
        1 => Just(Word::Completes),
    ];
    let worker = (0..3_u8, word).prop_map(|(attempt, word)| Step::Worker(attempt, 0, word));
    let person = (0..9_u8, any::<u8>()).prop_map(|(task, which)| Step::Person(0, task, Deed::AddsSubtask(which)));
    let answer =
        prop_oneof![4 => Just(Answer::Shown), 4 => (0..4_u8).prop_map(Answer::Checked), 1 => Just(Answer::NotShown)];
    let forge = (0..12_u8, 0..2_u8, answer).prop_map(|(task, which, answer)| Step::Forge(task, which, answer));
    prop_oneof![12 => any_step(), 3 => worker, 1 => person, 3 => forge]
}

/// The same with reports of what is spent, and budgets that people change.
pub(crate) fn any_spending() -> impl Strategy<Value = Step> {
    let spends = (0..3_u8, any::<u8>()).prop_map(|(attempt, more)| Step::Worker(attempt, 0, Word::Spends(more)));
    let deed = prop_oneof![
        any::<u8>().prop_map(Deed::Budgets),
        any::<u8>().prop_map(Deed::BudgetsAll)
    ];
    let person = (0..3_u8, 0..9_u8, deed).prop_map(|(by, task, deed)| Step::Person(by, task, deed));
    prop_oneof![12 => any_step_or_delegation(), 5 => spends, 1 => person]
}

/// Up to five tasks; each may need any of those before it.
pub(crate) fn any_plan() -> impl Strategy<Value = Plan> {
    let task = (0..32_u8, 0..3_u8, 0..4_u8);
    prop::collection::vec(task, 1..6).prop_map(|tasks| Plan {
        title: "A shop".into(),
        prd: "# Why".into(),
        tasks: tasks
            .into_iter()
            .enumerate()
            .map(|(place, drawn)| planned(place, drawn))
            .collect(),
    })
}

fn planned(place: usize, (needs, repositories, words): (u8, u8, u8)) -> PlannedTask {
    let key = |n: usize| format!("t{n}").parse().unwrap();
    let depends_on = (0..place).filter(|n| needs >> n & 1 == 1).map(key).collect();
    let repositories = match repositories {
        0 => vec![repository(0)],
        1 => vec![repository(1)],
        _ => vec![repository(0), repository(1)],
    };
    PlannedTask {
        key: key(place),
        title: format!("Do {place} {words}"),
        what: "The work.".into(),
        why: "It is needed.".into(),
        acceptance_criteria: vec!["It works".into()],
        depends_on,
        estimate_minutes: 30,
        priority: Priority::Normal,
        specialty: None,
        repositories,
        paths: Vec::new(),
    }
}

/// The steps from an open sprint to one that runs.
pub(crate) fn to_a_start(plan: Plan) -> Vec<Step> {
    let tasks = u8::try_from(plan.tasks.len()).unwrap();
    let owned = (0..tasks).map(|task| Step::Person(0, task, Deed::Owns));
    let first = std::iter::once(Step::Plans(plan));
    first.chain(owned).chain([Step::Person(0, 0, Deed::Approves)]).collect()
}

pub(crate) fn repository(n: u8) -> RepositoryId {
    ["app", "web"][usize::from(n) % 2].parse().unwrap()
}

pub(crate) fn person(n: u8) -> PersonId {
    ["ada", "lin", "eve"][usize::from(n) % 3].parse().unwrap()
}

pub(crate) fn commit(n: u64) -> CommitId {
    CommitId::new(format!("{n:040x}")).unwrap()
}

impl Step {
    /// The time that passes before it.
    pub(crate) fn passing(&self) -> Duration {
        match self {
            Self::Passes(seconds) => Duration::from_secs((*seconds).into()),
            _ => Duration::from_secs(1),
        }
    }

    /// What is asked of the sprint, as it stands; none if nobody could.
    pub(crate) fn command(&self, sprint: &Sprint, books: &Books, now: Timestamp) -> Option<Command> {
        match self {
            Self::Passes(_) => Some(Command::Tick),
            // Time goes on only by what passes: a deadline that is ahead is looked at when it comes.
            Self::Deadline => sprint.next_deadline().filter(|at| *at <= now).map(|_| Command::Tick),
            Self::Takes(place) => {
                let queued: Vec<u32> = sprint.live_attempts().map(|(attempt, _)| attempt).collect();
                let attempt = *queued.get(usize::from(*place) % queued.len().max(1))?;
                let worker = "worker".parse().unwrap();
                Some(Command::StartAttempt { attempt, worker })
            }
            Self::Worker(back, offset, word) => {
                let live: Vec<u32> = sprint
                    .attempts
                    .iter()
                    .filter(|a| a.started.is_some())
                    .map(|a| a.id.n)
                    .collect();
                let attempt = *live.get(live.len().checked_sub(1 + usize::from(*back))?)?;
                let token = sprint.attempt(attempt)?.started.as_ref()?.token;
                let token = FencingToken(token.0.wrapping_add_signed((*offset).into()));
                Some(said(*word, attempt, token, sprint, now))
            }
            Self::Person(by, task, deed) => did(person(*by), *task, *deed, sprint),
            Self::Forge(task, place, answer) => answered(*task, *place, *answer, sprint, books),
            Self::Room(enough) => Some(Command::ReportRoom {
                lacking: (!enough).then(|| "less than 1000 MB of memory are free".into()),
            }),
            Self::Plans(plan) => Some(Command::SavePlan {
                by: person(0),
                base: sprint.newest_plan().map_or(PlanVersion(0), |saved| saved.version),
                plan: plan.clone(),
                note: "changed".into(),
                first_task: TaskId(0),
            }),
        }
    }
}
