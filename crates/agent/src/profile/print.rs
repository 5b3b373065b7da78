//! Writes a profile as the file that reads as the same profile again.

use std::fmt::Write;
use std::time::Duration;

use jiff::SignedDuration;
use team6_core::ids::Specialty;
use toml::{Table, Value};

use super::read::FENCE;
use super::{AgentProfile, BuiltIns, CommandLine, Decision, EnvValue, Gateway, Limits, PermissionRule, Role};
use crate::acp::{CostMeaning, UsageMeaning};

impl AgentProfile {
    /// The text of the profile's file: of a profile that extends another one, only what differs from that.
    ///
    /// A profile made by hand may hold what no file can: secrets as text, or less environment than the one it extends.
    /// Reading says so of the first, and the second is not kept.
    pub fn to_file(&self, built_ins: &BuiltIns) -> String {
        let base = self.base(built_ins);
        let mut front = String::new();
        if let Some(extends) = &self.extends {
            line(&mut front, "extends", extends.as_str());
        }
        if self.title != base.title {
            line(&mut front, "title", self.title.as_str());
        }
        if self.role != base.role {
            line(&mut front, "role", role(self.role));
        }
        if self.specialties != base.specialties {
            let names = self.specialties.iter().map(Specialty::as_str);
            line(&mut front, "specialties", names.collect::<Vec<_>>());
        }
        if self.command != base.command {
            line(&mut front, "command", self.command.as_str());
        }
        if self.args != base.args {
            line(&mut front, "args", self.args.clone());
        }
        for (name, listed, inherited) in [
            ("sees", &self.sees, &base.sees),
            ("writes", &self.writes, &base.writes),
            ("network", &self.network, &base.network),
        ] {
            if listed != inherited {
                line(&mut front, name, listed.clone());
            }
        }
        if self.reads != base.reads {
            line(&mut front, "reads", self.reads.clone());
        }
        for (name, own, theirs) in [
            ("mode", &self.mode, &base.mode),
            ("model", &self.model, &base.model),
            ("install", &self.install, &base.install),
            ("credentials", &self.credentials, &base.credentials),
        ] {
            if own != theirs {
                line(&mut front, name, own.as_deref().unwrap_or_default());
            }
        }
        if self.usage != base.usage {
            line(&mut front, "usage", usage(self.usage));
        }
        if self.cost != base.cost {
            line(&mut front, "cost", cost(self.cost));
        }
        if self.limits != base.limits {
            line(&mut front, "limits", limits(self.limits));
        }
        if self.permissions != base.permissions {
            let rules = self.permissions.iter().map(rule);
            line(&mut front, "permissions", rules.collect::<Vec<_>>());
        }
        if self.gateways != base.gateways {
            let gateways = self.gateways.iter().map(gateway);
            line(&mut front, "gateways", gateways.collect::<Vec<_>>());
        }
        let own = self
            .env
            .iter()
            .filter(|(name, value)| base.env.get(*name) != Some(value));
        for (at, (name, value)) in own.enumerate() {
            front.push_str(if at == 0 { "\n[env]\n" } else { "" });
            line(&mut front, name, variable(value));
        }
        let instructions = match self.instructions.as_str() {
            "" => String::new(),
            text => format!("\n{text}\n"),
        };
        format!("{FENCE}\n{front}{FENCE}\n{instructions}")
    }

    /// What the file would read as if it said no more than what it extends.
    fn base(&self, built_ins: &BuiltIns) -> Self {
        let known = self.extends.as_ref().and_then(|name| built_ins.get(name.as_str()));
        known.cloned().unwrap_or_else(|| {
            let none = CommandLine {
                program: String::new(),
                args: Vec::new(),
            };
            Self::of_command(self.id.clone(), none)
        })
    }
}

fn line(front: &mut String, name: &str, value: impl Into<Value>) {
    // Writing to a text does not fail.
    let _ = writeln!(front, "{name} = {}", value.into());
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Planner => "planner",
        Role::Specialist => "specialist",
    }
}

fn usage(usage: UsageMeaning) -> &'static str {
    match usage {
        UsageMeaning::Turn => "turn",
        UsageMeaning::LastCall => "last_call",
        UsageMeaning::Session => "session",
    }
}

fn cost(cost: CostMeaning) -> &'static str {
    match cost {
        CostMeaning::Session => "session",
        CostMeaning::Process => "process",
    }
}

fn limits(limits: Limits) -> Table {
    let span = |span: Duration| {
        let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
        Value::from(format!("{span:#}"))
    };
    Table::from_iter([
        ("turn".to_owned(), span(limits.turn)),
        ("silence".to_owned(), span(limits.silence)),
    ])
}

fn rule(rule: &PermissionRule) -> Table {
    let mut table = Table::new();
    if let Some(kind) = &rule.kind {
        table.insert("kind".into(), kind.as_str().into());
    }
    if let Some(title) = &rule.title {
        table.insert("title".into(), title.as_str().into());
    }
    match &rule.decision {
        Decision::Allow => table.insert("allow".into(), true.into()),
        Decision::Reject { reason } => table.insert("reject".into(), reason.as_str().into()),
    };
    table
}

fn gateway(gateway: &Gateway) -> Table {
    let mut table = Table::new();
    let mut set = |name: &str, value: Value| table.insert(name.to_owned(), value);
    set("upstream", gateway.upstream.as_str().into());
    set("secret", variable(&gateway.secret.value()));
    set("header", gateway.header.as_str().into());
    set("variable", gateway.variable.as_str().into());
    if let Some(scheme) = &gateway.scheme {
        set("scheme", scheme.as_str().into());
    }
    if !gateway.path.is_empty() {
        set("path", gateway.path.as_str().into());
    }
    table
}

fn variable(value: &EnvValue) -> Value {
    match value {
        EnvValue::Text(text) if text.starts_with('$') => format!("${text}").into(),
        EnvValue::Text(text) => text.as_str().into(),
        EnvValue::Variable { name, optional: true } => format!("${name}?").into(),
        EnvValue::Variable { name, optional: false } => format!("${name}").into(),
        EnvValue::File(path) => Table::from_iter([("file".to_owned(), path.to_string_lossy().as_ref().into())]).into(),
    }
}

#[cfg(test)]
mod tests;
