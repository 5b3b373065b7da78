//! The profiles that come with the product.

use team6_core::ids::AgentId;

use super::AgentProfile;
use super::read;

const FILES: [(&str, &str); 5] = [
    ("claude-code", include_str!("built_in/claude-code.md")),
    ("codex", include_str!("built_in/codex.md")),
    ("gemini", include_str!("built_in/gemini.md")),
    ("goose", include_str!("built_in/goose.md")),
    ("opencode", include_str!("built_in/opencode.md")),
];
/// The name of the product's own scripted agent.
pub const SCRIPTED: &str = "scripted";

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// A path, or a name that is looked up in the `PATH`.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
}

/// The profiles that come with the product, which others may extend.
#[derive(Debug, Clone)]
pub struct BuiltIns {
    profiles: Vec<AgentProfile>,
}

impl BuiltIns {
    /// All of them. `scripted` is the command line of the product's own scripted agent.
    pub fn new(scripted: CommandLine) -> Self {
        let none = Self { profiles: Vec::new() };
        let mut profiles: Vec<AgentProfile> = FILES.iter().map(|(id, text)| built_in(id, text, &none)).collect();
        let mut own = built_in(SCRIPTED, include_str!("built_in/scripted.md"), &none);
        own.command = scripted.program;
        own.args = scripted.args;
        profiles.push(own);
        Self { profiles }
    }

    /// These and one more.
    #[cfg(test)]
    pub(super) fn and(mut self, profile: AgentProfile) -> Self {
        self.profiles.push(profile);
        self
    }

    /// The profile of this name.
    pub fn get(&self, id: &str) -> Option<&AgentProfile> {
        self.profiles.iter().find(|profile| profile.id.as_str() == id)
    }

    /// All of them, by name.
    pub fn all(&self) -> &[AgentProfile] {
        &self.profiles
    }
}

#[expect(
    clippy::expect_used,
    reason = "the files are part of the program, and a test reads them all"
)]
fn built_in(id: &str, text: &str, none: &BuiltIns) -> AgentProfile {
    let id = AgentId::new(id).expect("a valid name");
    read::profile(&id, text, none).expect("a valid profile")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acp::{CostMeaning, UsageMeaning};

    #[test]
    fn the_well_known_agents_are_there_and_say_how_to_install_them() {
        let own = CommandLine {
            program: "/opt/team6".into(),
            args: vec!["scripted-agent".into()],
        };
        let built_ins = BuiltIns::new(own);
        let names: Vec<&str> = built_ins.all().iter().map(|profile| profile.id.as_str()).collect();
        assert_eq!(
            names,
            ["claude-code", "codex", "gemini", "goose", "opencode", "scripted"]
        );
        for profile in built_ins.all().iter().filter(|profile| profile.id.as_str() != SCRIPTED) {
            assert!(
                profile.install.is_some() && profile.credentials.is_some(),
                "{}",
                profile.id
            );
        }
        assert_eq!(built_ins.get(SCRIPTED).unwrap().command, "/opt/team6");
    }

    #[test]
    fn what_was_measured_of_real_agents_is_in_their_profiles() {
        let built_ins = BuiltIns::new(CommandLine {
            program: "team6".into(),
            args: Vec::new(),
        });
        let claude = built_ins.get("claude-code").unwrap();
        assert_eq!(claude.mode.as_deref(), Some("bypassPermissions"));
        assert_eq!((claude.usage, claude.cost), (UsageMeaning::Turn, CostMeaning::Process));
        assert_eq!(built_ins.get("opencode").unwrap().usage, UsageMeaning::LastCall);
        assert_eq!(built_ins.get("codex").unwrap().usage, UsageMeaning::Turn);
    }
}
