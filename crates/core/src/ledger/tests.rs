use super::*;
use crate::ids::SprintId;

fn attempt(sprint: u64, n: u32) -> AttemptId {
    AttemptId {
        sprint: SprintId(sprint),
        n,
    }
}

fn tokens(tokens: u64) -> Amount {
    Amount {
        tokens,
        ..Amount::default()
    }
}

fn limits(project: Option<u64>, day: Option<u64>) -> ProjectLimits {
    let budget = |tokens| Budget {
        tokens,
        ..Budget::default()
    };
    ProjectLimits {
        project: budget(project),
        day: budget(day),
    }
}

#[test]
fn sprints_share_what_is_left_and_get_back_what_others_did_not_spend() {
    let (mut ledger, limits, now) = (Ledger::default(), limits(Some(250), None), Timestamp(0));
    for n in 1..=2_u32 {
        let event = ledger.reserve(attempt(u64::from(n), 1), tokens(100), &limits, now);
        ledger.apply(&event.unwrap().unwrap());
    }
    assert_eq!(
        ledger.reserve(attempt(1, 1), tokens(100), &limits, now),
        Ok(None),
        "it has it"
    );
    let short = ledger.reserve(attempt(3, 1), tokens(100), &limits, now).unwrap_err();
    assert_eq!((short.spent, short.reserved, short.until), (0, 200, None));
    ledger.apply(&ledger.settle(attempt(2, 1), tokens(40)).unwrap());
    assert_eq!(ledger.settle(attempt(2, 1), tokens(40)), None, "only once");
    assert!(ledger.reserve(attempt(3, 1), tokens(100), &limits, now).is_ok());
    assert_eq!(ledger.gone(), tokens(140));
}

#[test]
fn a_day_has_its_own_budget_and_the_next_one_a_new_one() {
    let (mut ledger, limits, now) = (Ledger::default(), limits(None, Some(100)), Timestamp(DAY / 2));
    let event = ledger
        .reserve(attempt(1, 1), tokens(100), &limits, now)
        .unwrap()
        .unwrap();
    ledger.apply(&event);
    ledger.apply(&ledger.settle(attempt(1, 1), tokens(99)).unwrap());
    let short = ledger.reserve(attempt(1, 2), tokens(20), &limits, now).unwrap_err();
    assert_eq!(short.until, Some(Timestamp(DAY)));
    assert!(
        ledger
            .reserve(attempt(1, 2), tokens(20), &limits, Timestamp(DAY))
            .is_ok()
    );
}

impl Ledger {
    fn reserves(&mut self, attempt: AttemptId, wanted: u64, limits: &ProjectLimits, now: Timestamp) -> u64 {
        let event = self.reserve(attempt, tokens(wanted), limits, now).unwrap().unwrap();
        self.apply(&event);
        self.held_for(attempt).unwrap().tokens
    }

    fn settles(&mut self, attempt: AttemptId, spent: u64) {
        let event = self.settle(attempt, tokens(spent)).unwrap();
        self.apply(&event);
    }
}

#[test]
fn what_an_attempt_tells_after_it_was_settled_counts_once_and_on_its_own_day() {
    let (mut ledger, limits) = (Ledger::default(), limits(Some(1_000), Some(500)));
    ledger.reserves(attempt(1, 1), 100, &limits, Timestamp(0));
    ledger.settles(attempt(1, 1), 60);
    ledger.settles(attempt(1, 1), 90);
    assert_eq!(ledger.settle(attempt(1, 1), tokens(80)), None, "that is known");
    assert_eq!(
        ledger.settle(attempt(1, 2), tokens(80)),
        None,
        "nothing was reserved for it"
    );
    assert_eq!(ledger.gone(), tokens(90));
    ledger.reserves(attempt(1, 3), 100, &limits, Timestamp(DAY));
    ledger.settles(attempt(1, 1), 95);
    assert_eq!((ledger.spent, ledger.days[&0]), (tokens(95), tokens(95)));

    // A job that the queue gave out twice.
    ledger.reserves(attempt(1, 1), 100, &limits, Timestamp(DAY));
    ledger.settles(attempt(1, 1), 0);
    ledger.settles(attempt(1, 1), 97);
    assert_eq!(ledger.spent, tokens(97));

    ledger.settles(attempt(1, 3), 1);
    ledger.reserves(attempt(2, 1), 100, &limits, Timestamp(9 * DAY));
    ledger.settles(attempt(2, 1), 1);
    assert_eq!(
        ledger.open().collect::<Vec<_>>(),
        [attempt(2, 1)],
        "the rest is long ago"
    );
}

#[test]
fn the_rest_of_a_limit_goes_to_whoever_comes_when_nobody_holds_anything() {
    let (mut ledger, limits, now) = (Ledger::default(), limits(Some(60), None), Timestamp(0));
    assert_eq!(
        ledger.reserves(attempt(1, 1), 100, &limits, now),
        60,
        "all there ever will be"
    );
    let short = ledger.reserve(attempt(1, 2), tokens(100), &limits, now).unwrap_err();
    assert_eq!(
        short.to_string(),
        "the budget of the project does not reach: 0 tokens of 60 tokens are spent and 60 tokens are reserved; it goes on \
         when others end"
    );
    ledger.settles(attempt(1, 1), 54);
    assert_eq!(ledger.reserves(attempt(1, 2), 100, &limits, now), 6, "a tenth of 60");
    ledger.settles(attempt(1, 2), 1);
    let short = ledger.reserve(attempt(1, 3), tokens(100), &limits, now).unwrap_err();
    assert_eq!(
        short.to_string(),
        "the budget of the project is used up: 55 tokens of 60 tokens are spent; it goes on when somebody raises it with \
         `team6 project budget PROJECT --tokens LIMIT`"
    );
}

#[test]
fn what_is_used_up_for_good_is_said_before_what_comes_back() {
    let (mut ledger, limits, now) = (Ledger::default(), limits(Some(100), Some(100)), Timestamp(0));
    ledger.reserves(attempt(1, 1), 100, &limits, now);
    ledger.settles(attempt(1, 1), 100);
    let short = ledger.reserve(attempt(1, 2), tokens(10), &limits, now).unwrap_err();
    assert_eq!((short.reserved, short.until), (0, None), "tomorrow would not help");
}

#[test]
fn a_reservation_that_is_raised_takes_no_more_than_is_left_and_one_that_is_lowered_gives_back() {
    let (mut ledger, limits, now) = (Ledger::default(), limits(Some(250), None), Timestamp(0));
    ledger.reserves(attempt(1, 1), 100, &limits, now);
    ledger.reserves(attempt(2, 1), 100, &limits, now);
    let mut holds = |wanted, used| {
        let event = ledger.hold(attempt(1, 1), tokens(wanted), tokens(used), &limits);
        event.iter().for_each(|event| ledger.apply(event));
        ledger.held_for(attempt(1, 1)).unwrap().tokens
    };
    assert_eq!(holds(200, 0), 150, "the other has 100");
    assert_eq!(holds(200, 170), 170, "what is spent is spent");
    assert_eq!(holds(40, 0), 40);
    assert_eq!(ledger.gone(), tokens(140));
    assert_eq!(ledger.hold(attempt(1, 1), tokens(40), tokens(0), &limits), None);
    assert_eq!(
        ledger.hold(attempt(3, 1), tokens(40), tokens(0), &limits),
        None,
        "it has nothing"
    );
}
