//! What holds whatever is asked of a memory, in any order.

use proptest::prelude::*;
use team6_core::ids::{MemoryId, TaskId, ThreadId};
use team6_core::memory::{
    Chosen, Ended, Kind, Memories, Memory, MemoryCommand, Scope, ScopePath, Sought, Source, State, TEXT_MOST, choose,
    line,
};
use team6_core::policy::MemoryLimits;
use team6_core::time::Timestamp;

use super::{Project, ada, agent, at_path, attempt, found};

const TEXTS: &[&str] = &[
    "Prices are kept in cents, as whole numbers.",
    "prices are kept in cents as whole numbers",
    "Prices are kept as decimal numbers with two digits.",
    "Run `make seed` before the integration tests.",
    "Do not run `make seed` before the integration tests.",
    "short",
    "the password is Tr0ub4dor&3, password: Tr0ub4dor&3",
];

fn any_source() -> impl Strategy<Value = Source> {
    prop_oneof![
        (1u32..4).prop_map(agent),
        Just(Source::Person { by: ada() }),
        (1u64..4).prop_map(|n| Source::Review {
            by: ada(),
            task: TaskId(n),
            thread: ThreadId(1)
        }),
    ]
}

fn any_command() -> impl Strategy<Value = MemoryCommand> {
    let id = || (1u64..7).prop_map(MemoryId);
    let text = || proptest::sample::select(TEXTS).prop_map(str::to_owned);
    let scope = || prop_oneof![3 => Just(Scope::Project), 1 => Just(at_path("src"))];
    let old = || proptest::option::of(id());
    let mended_by = proptest::option::of((1u32..9).prop_map(attempt));
    let ended =
        prop_oneof![3 => mended_by.prop_map(|mended_by| Ended::Merged { mended_by }), 1 => Just(Ended::Dropped)];
    let give = (1u32..9, 1u64..4, proptest::collection::vec(id(), 0..4));
    prop_oneof![
        6 => (text(), scope(), old(), any_source()).prop_map(|(text, scope, supersedes, source)| MemoryCommand::Remember {
            kind: Kind::Decision, text, scope, evidence: String::new(), supersedes, source }),
        2 => (text(), scope(), any_source(), any::<bool>()).prop_map(|(text, scope, source, member)| MemoryCommand::Propose {
            kind: Kind::Pitfall, text, scope, evidence: String::new(), source, member }),
        1 => id().prop_map(|memory| MemoryCommand::Accept { memory, by: ada() }),
        2 => (id(), proptest::option::of(text()), proptest::option::of(scope())).prop_map(|(memory, text, scope)|
            MemoryCommand::Edit { memory, kind: None, text, scope, by: ada() }),
        1 => id().prop_map(|memory| MemoryCommand::Pin { memory, by: ada() }),
        1 => id().prop_map(|memory| MemoryCommand::Unpin { memory, by: ada() }),
        1 => id().prop_map(|memory| MemoryCommand::Retire { memory, why: "wrong".into(), by: ada() }),
        2 => id().prop_map(|memory| MemoryCommand::Restore { memory, by: ada() }),
        2 => give.prop_map(|(n, task, memories)| MemoryCommand::Give {
            attempt: attempt(n), task: Some(TaskId(task)), memories }),
        1 => (1u64..4, ended).prop_map(|(task, ended)| MemoryCommand::Judge { task: TaskId(task), ended }),
    ]
}

/// What must be so whatever was asked.
fn holds(project: &Project) {
    let all: Vec<&Memory> = project.memories.all().collect();
    let words = |memory: &Memory| memory.text.to_lowercase().replace([',', '.', '`'], "");
    for memory in &all {
        assert!(
            memory.text.chars().count() <= TEXT_MOST && !memory.text.contains("Tr0ub"),
            "{memory:?}"
        );
        assert!(
            !memory.pinned || memory.is_active(),
            "only what counts is pinned: {memory:?}"
        );
        assert!(
            memory.uses.passed + memory.uses.sent_back <= memory.uses.given,
            "{memory:?}"
        );
        let twins = all.iter().filter(|other| {
            other.is_active() && memory.is_active() && other.scope == memory.scope && words(other) == words(memory)
        });
        assert_eq!(twins.count(), usize::from(memory.is_active()), "said twice: {memory:?}");
        // What took a memory's place can be asked what took its own, and so on to an end.
        let (mut next, mut steps) = (memory.id, 0);
        while let State::Superseded { by } = project.get(next).state {
            (next, steps) = (by, steps + 1);
            assert!(
                steps <= all.len(),
                "memories take each other's place in a circle: {memory:?}"
            );
        }
    }
    let mut again = Memories::default();
    project.log.iter().for_each(|(event, at)| again.apply(event, *at));
    assert_eq!(again, project.memories, "the log makes the same");
    let stored: Memories = serde_json::from_str(&serde_json::to_string(&again).unwrap()).unwrap();
    assert_eq!(stored, again, "a snapshot makes the same");
}

proptest! {
    #[test]
    fn whatever_is_asked_the_memory_stays_sound(commands in proptest::collection::vec(any_command(), 1..40)) {
        let mut project = Project::default();
        for command in commands {
            let pinned: Vec<MemoryId> = project.memories.all().filter(|m| m.pinned).map(|m| m.id).collect();
            let by_agent = matches!(&command, MemoryCommand::Remember { source, .. } if source.is_agent());
            let repeated = project.order(command.clone()).is_ok() && matches!(command,
                MemoryCommand::Remember { supersedes: None, .. } | MemoryCommand::Give { .. } | MemoryCommand::Judge { .. });
            if repeated {
                let again = project.order(command).unwrap();
                assert_eq!(again.events, [], "what is asked again changes nothing");
            }
            assert!(!by_agent || pinned.iter().all(|id| project.get(*id).pinned), "an agent undid a pin");
            holds(&project);
        }
    }

    #[test]
    fn what_is_told_keeps_to_its_limits(
        ranks in proptest::collection::vec(0.0f64..9.0, 1..20), tokens in 0usize..300, most in 0usize..8, pinned in 1u64..20
    ) {
        let mut project = Project::default();
        let texts = ranks.iter().enumerate().map(|(n, rank)| (format!("fact{n} of part{n} {}", "word ".repeat(n * 3)), *rank));
        let known: Vec<(MemoryId, f64)> = texts.map(|(text, rank)| (project.learns(&text), rank)).collect();
        let _ = project.order(MemoryCommand::Pin { memory: MemoryId(pinned), by: ada() });
        let limits = MemoryLimits { tokens, most };
        let chosen = choose(known.iter().map(|(id, rank)| found(project.get(*id), *rank)).collect(),
            &Sought { repositories: Vec::new(), paths: vec![ScopePath::new("src").unwrap()] }, Timestamp(0), limits);
        let length: usize = chosen.iter().map(|one| line(&one.memory).chars().count()).sum();
        prop_assert!(chosen.len() <= most && length <= tokens * 4);
        let order = |one: &Chosen| (one.memory.pinned, one.score);
        prop_assert!(chosen.windows(2).all(|pair| order(&pair[0]) >= order(&pair[1])));
    }
}
