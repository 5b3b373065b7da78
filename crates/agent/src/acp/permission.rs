//! Answers an agent's requests for permission by its profile's rules.

use agent_client_protocol::v1::schema::{
    PermissionOptionKind, RequestPermissionOutcome, RequestPermissionRequest, RequestPermissionResponse,
    SelectedPermissionOutcome,
};
use serde_json::Value;
use team6_core::trace::TraceBody;

use crate::profile::{Decision, PermissionRule};

/// The answer to a request, and its entry in the trace.
pub(super) fn answer(
    request: &RequestPermissionRequest,
    rules: &[PermissionRule],
) -> (RequestPermissionResponse, TraceBody) {
    let call = serde_json::to_value(&request.tool_call).unwrap_or_default();
    let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, title) = (text("kind"), text("title"));
    let rule = rules.iter().enumerate().find(|(_, rule)| rule.matches(&kind, &title));
    let (allowed, why) = match rule {
        None => (true, "no rule is against it".to_owned()),
        Some((place, rule)) => match &rule.decision {
            Decision::Allow => (true, format!("rule {}", place + 1)),
            Decision::Reject { reason } => (false, format!("rule {}: {reason}", place + 1)),
        },
    };
    let wanted = match allowed {
        true => [PermissionOptionKind::AllowOnce, PermissionOptionKind::AllowAlways],
        false => [PermissionOptionKind::RejectOnce, PermissionOptionKind::RejectAlways],
    };
    let chosen = wanted
        .iter()
        .find_map(|kind| request.options.iter().find(|option| option.kind == *kind));
    let (outcome, said) = match chosen {
        Some(option) => {
            let selected = SelectedPermissionOutcome::new(option.option_id.clone());
            (RequestPermissionOutcome::Selected(selected), option.name.clone())
        }
        None => (RequestPermissionOutcome::Cancelled, "cancelled".to_owned()),
    };
    let entry = TraceBody::Permission {
        title: if title.is_empty() { text("toolCallId") } else { title },
        answer: said,
        rule: why,
    };
    (RequestPermissionResponse::new(outcome), entry)
}
