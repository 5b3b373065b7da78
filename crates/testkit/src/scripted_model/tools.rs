//! Which offered tool a scenario means: agents rename the tools they are given.

use super::conversation::Tool;

/// The offered tool that `wanted` names best: exactly, else without regard to case and to the marks that agents put
/// between a server's name and a tool's, else by its last words (`ask_owner` for `mcp__team6__ask_owner`).
pub(super) fn pick<'a>(wanted: &str, offered: &'a [Tool]) -> Option<&'a Tool> {
    let plain = plain(wanted);
    let ending = format!("_{plain}");
    let full = |tool: &Tool| match &tool.namespace {
        Some(namespace) => self::plain(&format!("{namespace}__{}", tool.name)),
        None => self::plain(&tool.name),
    };
    offered
        .iter()
        .find(|tool| tool.name == wanted)
        .or_else(|| offered.iter().find(|tool| full(tool) == plain))
        .or_else(|| offered.iter().find(|tool| full(tool).ends_with(&ending)))
}

/// The name in lower case, without the prefix `mcp`, with single underscores between its parts.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    let parts: Vec<&str> = lower
        .split(['_', '-', '.', '/', ':'])
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        ["mcp", rest @ ..] if !rest.is_empty() => rest.join("_"),
        all => all.join("_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(wanted: &str, offered: &[Tool]) -> Option<String> {
        pick(wanted, offered).map(|tool| tool.name.clone())
    }

    fn functions(names: &[&str]) -> Vec<Tool> {
        names.iter().map(|name| Tool::function(name)).collect()
    }

    #[test]
    fn a_tool_is_found_whatever_the_agent_calls_it() {
        for offered in [
            "ask_owner",
            "mcp__team6__ask_owner",
            "team6_ask_owner",
            "Team6.Ask-Owner",
        ] {
            let tools = functions(&["Write", "ask", "owner", offered]);
            for wanted in ["ask_owner", "Ask_Owner"] {
                assert_eq!(picked(wanted, &tools).as_deref(), Some(offered), "{wanted}");
            }
        }
        for offered in ["mcp__team6__ask_owner", "team6_ask_owner"] {
            assert_eq!(
                picked("mcp__team6__ask_owner", &functions(&[offered])).as_deref(),
                Some(offered)
            );
        }
    }

    #[test]
    fn the_exact_name_wins_over_a_loose_one() {
        let tools = functions(&["mcp__files__write", "Write", "write"]);
        assert_eq!(picked("write", &tools).as_deref(), Some("write"));
        assert_eq!(picked("Write", &tools).as_deref(), Some("Write"));
        assert_eq!(picked("WRITE", &tools).as_deref(), Some("Write"));
    }

    #[test]
    fn a_namespace_is_part_of_the_name() {
        let grouped = Tool {
            namespace: Some("mcp__team6".into()),
            ..Tool::function("ask_owner")
        };
        assert!(pick("team6_ask_owner", std::slice::from_ref(&grouped)).is_some());
        assert!(pick("mcp__team6__ask_owner", std::slice::from_ref(&grouped)).is_some());
        assert!(pick("other_ask_owner", &[grouped]).is_none());
    }

    #[test]
    fn nothing_is_found_for_a_tool_that_is_not_offered() {
        assert_eq!(picked("Write", &functions(&["Overwrite", "Read"])), None);
        assert_eq!(picked("", &functions(&["Read"])), None);
    }
}
