//! When somebody is told of what, without any IO.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use team6_core::ids::{PersonId, SprintId, TaskId};
use team6_core::time::Timestamp;

/// Something that waits for a person, as an inbox has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Names it in the inbox.
    pub key: String,
    /// For whom it waits.
    pub person: PersonId,
    /// What is wanted, as the API names it.
    pub kind: String,
    /// The sprint.
    pub sprint: SprintId,
    /// The task, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The number by which people call it, such as `T-3`.
    pub number: String,
    /// The title.
    pub title: String,
    /// Why it waits, in words.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
    /// Where it is solved.
    pub link: String,
}

/// What a channel tells of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// How long something waits before anybody is told.
    pub after: Duration,
    /// Whom it tells; nobody in particular means everybody.
    pub people: BTreeSet<PersonId>,
    /// Of what; nothing in particular means everything.
    pub kinds: BTreeSet<String>,
}

/// What a channel has told of and still waits: by person and key, since when it waited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Told(BTreeMap<PersonId, BTreeMap<String, Timestamp>>);

/// What is to be told now, and when to look again if nothing changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// What each person is to be told, longest waiting first.
    pub now: BTreeMap<PersonId, Vec<Waiting>>,
    /// When the next is due.
    pub next: Option<Timestamp>,
}

impl Rules {
    fn cover(&self, waiting: &Waiting) -> bool {
        (self.people.is_empty() || self.people.contains(&waiting.person))
            && (self.kinds.is_empty() || self.kinds.contains(&waiting.kind))
    }
}

impl Told {
    /// What is due of all that waits.
    pub fn due(&self, waiting: &[Waiting], rules: &Rules, now: Timestamp) -> Due {
        let mut due = Due::default();
        for one in waiting.iter().filter(|one| rules.cover(one) && !self.knows(one)) {
            let at = one.since + rules.after;
            if at <= now {
                due.now.entry(one.person.clone()).or_default().push(one.clone());
            } else {
                due.next = Some(due.next.map_or(at, |next| next.min(at)));
            }
        }
        for one in due.now.values_mut() {
            one.sort_by(|a, b| (a.since, &a.key).cmp(&(b.since, &b.key)));
        }
        due
    }

    /// Keeps in mind that somebody was told.
    pub fn tell(&mut self, waiting: &[Waiting]) {
        for one in waiting {
            let told = self.0.entry(one.person.clone()).or_default();
            told.insert(one.key.clone(), one.since);
        }
    }

    /// Forgets what waits no longer; whether there was any.
    pub fn forget_solved(&mut self, waiting: &[Waiting]) -> bool {
        let still: BTreeSet<_> = waiting.iter().map(|one| (&one.person, &one.key, one.since)).collect();
        let mut forgotten = false;
        self.0.retain(|person, told| {
            let before = told.len();
            told.retain(|key, since| still.contains(&(person, key, *since)));
            forgotten |= told.len() != before;
            !told.is_empty()
        });
        forgotten
    }

    fn knows(&self, waiting: &Waiting) -> bool {
        let told = self.0.get(&waiting.person).and_then(|told| told.get(&waiting.key));
        told == Some(&waiting.since)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn waiting(key: &str, person: &str, since: i64) -> Waiting {
        Waiting {
            key: key.into(),
            person: PersonId::new(person).unwrap(),
            kind: "review".into(),
            sprint: SprintId(1),
            task: Some(TaskId(3)),
            number: "T-3".into(),
            title: "Front door".into(),
            why: "waits for review".into(),
            since: Timestamp(since),
            link: "http://localhost/inbox".into(),
        }
    }

    fn rules(after: u64) -> Rules {
        Rules {
            after: Duration::from_millis(after),
            ..Rules::default()
        }
    }

    #[test]
    fn what_is_solved_soon_is_told_to_nobody() {
        let told = Told::default();
        let due = told.due(&[waiting("a", "ada", 1_000)], &rules(500), Timestamp(1_400));
        assert_eq!(
            due,
            Due {
                now: BTreeMap::new(),
                next: Some(Timestamp(1_500))
            }
        );
    }

    #[test]
    fn all_that_is_due_to_one_person_is_told_at_once_and_the_longest_waiting_first() {
        let all = [waiting("b", "ada", 20), waiting("a", "ada", 10), waiting("c", "lin", 5)];
        let due = Told::default().due(&all, &rules(0), Timestamp(100));
        let keys = |person: &str| {
            let due = due.now.get(&PersonId::new(person).unwrap()).unwrap();
            due.iter().map(|one| one.key.as_str()).collect::<Vec<_>>()
        };
        assert_eq!((keys("ada"), keys("lin")), (vec!["a", "b"], vec!["c"]));
    }

    #[test]
    fn what_comes_again_is_told_again() {
        let mut told = Told::default();
        let first = [waiting("a", "ada", 10)];
        told.tell(&first);
        assert!(told.due(&first, &rules(0), Timestamp(100)).now.is_empty());
        let again = [waiting("a", "ada", 50)];
        assert_eq!(told.due(&again, &rules(0), Timestamp(100)).now.len(), 1);
    }

    #[test]
    fn what_was_handed_on_is_told_to_the_new_person() {
        let mut told = Told::default();
        told.tell(&[waiting("a", "ada", 10)]);
        let handed = [waiting("a", "lin", 10)];
        assert!(
            told.due(&handed, &rules(0), Timestamp(100))
                .now
                .contains_key(&PersonId::new("lin").unwrap())
        );
    }

    #[test]
    fn a_channel_tells_only_those_and_of_that_which_it_is_for() {
        let all = [waiting("a", "ada", 10), waiting("b", "lin", 10)];
        let only = Rules {
            people: [PersonId::new("lin").unwrap()].into(),
            ..rules(0)
        };
        assert_eq!(Told::default().due(&all, &only, Timestamp(100)).now.len(), 1);
        let only = Rules {
            kinds: ["failed".to_owned()].into(),
            ..rules(0)
        };
        assert_eq!(Told::default().due(&all, &only, Timestamp(100)), Due::default());
    }

    proptest! {
        #[test]
        fn nobody_is_told_twice_and_nothing_that_waits_is_left_out(
            waits in prop::collection::vec((0_u8..6, 0_i64..50), 1..20),
            after in 0_u64..20,
        ) {
            // Each row waits since its time; time goes on one by one, and what is due is told at once.
            let all: Vec<Waiting> = waits
                .iter()
                .enumerate()
                .map(|(n, (person, since))| waiting(&n.to_string(), &format!("p{person}"), *since))
                .collect();
            let rules = rules(after);
            let mut told = Told::default();
            let mut count = BTreeMap::new();
            for now in 0..200 {
                let here: Vec<_> = all.iter().filter(|one| one.since.0 <= now).cloned().collect();
                let due = told.due(&here, &rules, Timestamp(now));
                for one in due.now.values().flatten() {
                    *count.entry(one.key.clone()).or_insert(0) += 1;
                    prop_assert!(one.since + rules.after <= Timestamp(now));
                }
                due.now.values().for_each(|one| told.tell(one));
                prop_assert!(told.due(&here, &rules, Timestamp(now)).now.is_empty());
            }
            prop_assert_eq!(count.len(), all.len());
            prop_assert!(count.values().all(|times| *times == 1));
            prop_assert!(told.forget_solved(&[]));
            prop_assert_eq!(told, Told::default());
        }
    }
}
