//! Answers an agent's requests for permission by its profile's rules.

use agent_client_protocol::v1::schema::{
    PermissionOptionKind, RequestPermissionOutcome, RequestPermissionRequest, RequestPermissionResponse,
    SelectedPermissionOutcome,
};
use serde_json::Value;
use team6_core::trace::TraceBody;

use super::update;
use crate::profile::{Decision, PermissionRule};

/// The answer to a request.
#[derive(Debug)]
pub(super) struct Answer {
    /// What the agent is told.
    pub(super) response: RequestPermissionResponse,
    /// What its owner is shown.
    pub(super) entry: TraceBody,
    /// What was rejected and why, if it was.
    pub(super) denied: Option<String>,
}

/// Answers with the decision of the first rule that matches; none means to allow once.
pub(super) fn answer(request: &RequestPermissionRequest, rules: &[PermissionRule]) -> Answer {
    let call = serde_json::to_value(&request.tool_call).unwrap_or_default();
    let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, mut title) = (text("kind"), text("title"));
    let rule = rules.iter().enumerate().find(|(_, rule)| rule.matches(&kind, &title));
    // Calls of MCP tools may carry nothing but their id.
    if title.is_empty() {
        title = text("toolCallId");
    }
    let (wanted, why, denied) = match rule {
        None => (&ALLOW, "no rule is against it".to_owned(), None),
        Some((place, rule)) => match &rule.decision {
            Decision::Allow => (&ALLOW, format!("rule {}", place + 1), None),
            Decision::Reject { reason } => {
                let why = format!("rule {}: {reason}", place + 1);
                (&REJECT, why, Some(format!("{}: {reason}", update::title(&title))))
            }
        },
    };
    let option = wanted
        .iter()
        .find_map(|kind| request.options.iter().find(|option| option.kind == *kind));
    let (outcome, said) = match option {
        Some(option) => {
            let selected = SelectedPermissionOutcome::new(option.option_id.clone());
            (
                RequestPermissionOutcome::Selected(selected),
                update::title(&option.name),
            )
        }
        None => (RequestPermissionOutcome::Cancelled, "cancelled".to_owned()),
    };
    let title = update::title(&title);
    Answer {
        response: RequestPermissionResponse::new(outcome),
        entry: TraceBody::Permission {
            title,
            answer: said,
            rule: why,
        },
        denied,
    }
}

/// What serves as allowing, best first.
const ALLOW: [PermissionOptionKind; 2] = [PermissionOptionKind::AllowOnce, PermissionOptionKind::AllowAlways];
/// What serves as rejecting, best first.
const REJECT: [PermissionOptionKind; 2] = [PermissionOptionKind::RejectOnce, PermissionOptionKind::RejectAlways];

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;
    use serde_json::json;

    fn request(options: &[&str]) -> RequestPermissionRequest {
        let option = |kind: &&str| json!({ "optionId": kind, "name": format!("the {kind}"), "kind": kind });
        let options: Vec<Value> = options.iter().map(option).collect();
        serde_json::from_value(json!({
            "sessionId": "s", "options": options,
            "toolCall": { "toolCallId": "t1", "title": "git push origin", "kind": "execute" },
        }))
        .unwrap()
    }

    fn rule(title: &str, decision: Decision) -> PermissionRule {
        PermissionRule {
            kind: None,
            title: Some(Regex::new(title).unwrap()),
            decision,
        }
    }

    fn chosen(answer: &Answer) -> Value {
        serde_json::to_value(&answer.response).unwrap()["outcome"].clone()
    }

    #[test]
    fn without_a_rule_it_is_allowed_this_once() {
        let allowed = answer(&request(&["allow_always", "reject_once", "allow_once"]), &[]);
        assert_eq!(
            chosen(&allowed),
            json!({ "outcome": "selected", "optionId": "allow_once" })
        );
        assert_eq!(allowed.denied, None);
    }

    #[test]
    fn the_first_rule_that_matches_decides_and_is_named() {
        let reject = Decision::Reject {
            reason: "the engine pushes".into(),
        };
        let rules = [
            rule("rm", Decision::Allow),
            rule("^git push", reject),
            rule("git", Decision::Allow),
        ];
        let rejected = answer(&request(&["allow_once", "reject_once"]), &rules);
        assert_eq!(chosen(&rejected)["optionId"], "reject_once");
        assert_eq!(rejected.denied.as_deref(), Some("git push origin: the engine pushes"));
        let entry = TraceBody::Permission {
            title: "git push origin".into(),
            answer: "the reject_once".into(),
            rule: "rule 2: the engine pushes".into(),
        };
        assert_eq!(rejected.entry, entry);
    }

    #[test]
    fn a_decision_that_the_agent_does_not_offer_cancels() {
        assert_eq!(
            chosen(&answer(&request(&["reject_once"]), &[])),
            json!({ "outcome": "cancelled" })
        );
    }
}
