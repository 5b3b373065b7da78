//! What a person can do when an agent asks for credentials: agents say that they want some, and profiles say how they
//! are given. Wherever the failure is shown, both are.

use team6_agent::profile::AgentProfile;
use team6_core::failure::{Failure, FailureKind};

/// Adds to a failure for want of credentials how its agent gets them.
pub(super) fn told_how(failure: &mut Failure, profile: &AgentProfile) {
    let (FailureKind::LoginNeeded, Some(how)) = (failure.kind, &profile.credentials) else {
        return;
    };
    let how = how.trim().trim_end_matches('.');
    failure.text = format!("{}. {how}, and try again", failure.text.trim_end_matches('.'));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: FailureKind, credentials: Option<&str>) -> String {
        let command = team6_agent::profile::CommandLine {
            program: "tester".into(),
            args: Vec::new(),
        };
        let id = "tester".parse().unwrap_or_else(|_| unreachable!("a valid name"));
        let mut profile = AgentProfile::of_command(id, command);
        profile.credentials = credentials.map(Into::into);
        let mut failure = Failure {
            kind,
            text: "Authentication required".into(),
            until: None,
        };
        told_how(&mut failure, &profile);
        failure.text
    }

    #[test]
    fn who_wants_credentials_is_told_of_with_how_they_are_given() {
        let how = Some("Set API_KEY where the engine runs.");
        assert_eq!(
            told(FailureKind::LoginNeeded, how),
            "Authentication required. Set API_KEY where the engine runs, and try again"
        );
        assert_eq!(told(FailureKind::LoginNeeded, None), "Authentication required");
        assert_eq!(told(FailureKind::AgentExited, how), "Authentication required");
    }
}
