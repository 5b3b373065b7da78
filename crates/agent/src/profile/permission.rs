//! How an agent's requests for permission are answered without a person.
//!
//! The sandbox says what an agent can do; these rules are for what it could do and should not.

use regex::Regex;

/// A rule for requests of one kind or title.
#[derive(Debug, Clone)]
pub struct PermissionRule {
    /// The agent's kind of the tool, such as `execute` or `edit`; none means any.
    pub kind: Option<String>,
    /// What the request's title must contain a match of; none means any.
    pub title: Option<Regex>,
    /// What is answered.
    pub decision: Decision,
}

/// What a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Allowed this time.
    Allow,
    /// Rejected, with the reason for the agent's owner.
    Reject {
        /// Why, for people.
        reason: String,
    },
}

impl PermissionRule {
    /// Whether the rule is about a request of this kind with this title.
    pub fn matches(&self, kind: &str, title: &str) -> bool {
        self.kind.as_deref().is_none_or(|wanted| wanted == kind)
            && self.title.as_ref().is_none_or(|pattern| pattern.is_match(title))
    }
}

/// Two patterns are the same when they are written the same.
impl PartialEq for PermissionRule {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.title.as_ref().map(Regex::as_str) == other.title.as_ref().map(Regex::as_str)
            && self.decision == other.decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_about_kind_and_title_where_it_names_them() {
        let rule = |kind: Option<&str>, title: Option<&str>| PermissionRule {
            kind: kind.map(str::to_owned),
            title: title.map(|title| Regex::new(title).unwrap()),
            decision: Decision::Allow,
        };
        assert!(rule(None, None).matches("execute", "rm -rf /"));
        assert!(rule(Some("execute"), None).matches("execute", ""));
        assert!(!rule(Some("execute"), None).matches("edit", ""));
        assert!(rule(Some("execute"), Some("^git push")).matches("execute", "git push origin"));
        assert!(!rule(Some("execute"), Some("^git push")).matches("execute", "git status"));
    }
}
