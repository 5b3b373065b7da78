//! Reads the configuration, and tells of every value where it came from.

use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::Value as Found;
use figment::{Figment, Source};

use super::Config;

/// The beginning of environment variables that set values: `TEAM6_SERVER__LISTEN` sets `server.listen`.
const PREFIX: &str = "TEAM6_";

/// The keys that stand in no section.
const SINGLE: [&str; 3] = ["data", "me", "sandbox"];
/// The keys that have no value unless somebody sets one, and are shown all the same.
const UNSET: [&str; 4] = ["agents.planner", "agents.workspaces_mb", "me", "server.hosts"];
/// What else the programs of this project are told by variables, without the prefix.
const ELSEWHERE: [&str; 10] = [
    "URL",
    "TOKEN_FILE",
    "PERSON",
    "LOG",
    "TREE",
    "TOOLBOX_TOKEN",
    "PROBE",
    "FULL_DISK",
    "WEB",
    "WEB_DIST",
];
/// How variables begin that tests are told things by.
const ELSEWHERE_BEGINNINGS: [&str; 5] = ["TEST_", "SIM_", "KILL_", "STREAM_", "FORECAST_"];

/// A configuration with the origin of each value.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read, if there is one.
    pub file: Option<PathBuf>,
    /// Every value, by its key.
    pub values: Vec<Value>,
}

/// One value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its key, such as `server.listen`.
    pub key: String,
    /// The value as text.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is built in.
    Default,
    /// Nowhere: there is no value, and none is needed.
    NotSet,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("built in"),
            Self::NotSet => f.write_str("not set"),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was asked for is not there.
    #[error("there is no configuration file {}; write one, or leave out --config", .0.display())]
    NoFile(PathBuf),
    /// A key that nobody knows.
    #[error("{origin} the key \"{key}\", which does not exist{}", suggestion(.near))]
    UnknownKey {
        /// The key, with its section.
        key: String,
        /// Where it stands, as the beginning of a sentence.
        origin: String,
        /// The nearest key that exists.
        near: Option<String>,
    },
    /// A variable of the environment that nobody reads.
    #[error(
        "environment variable {name} means nothing{}; sections are set apart by two underscores, as in TEAM6_SERVER__LISTEN",
        suggestion(.near)
    )]
    UnknownVariable {
        /// Its name.
        name: String,
        /// The nearest one that exists.
        near: Option<String>,
    },
    /// Anything else, one line a problem.
    #[error("{0}")]
    Invalid(String),
}

fn suggestion(near: &Option<String>) -> String {
    near.as_ref()
        .map(|near| format!("; did you mean \"{near}\"?"))
        .unwrap_or_default()
}

/// The file that is read when none is named: `team6.toml` in this folder, or in the user's configuration folder.
pub fn default_file(here: &Path, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let local = here.join("team6.toml");
    if local.is_file() {
        return Some(local);
    }
    let folder = match variable("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(variable("HOME")?).join(".config"),
    };
    Some(folder.join("team6").join("team6.toml")).filter(|file| file.is_file())
}

/// Reads the configuration from a file, if one is given, and the environment.
pub fn load(file: Option<&Path>) -> Result<Loaded, ConfigError> {
    if let Some(file) = file.filter(|file| !file.is_file()) {
        return Err(ConfigError::NoFile(file.to_owned()));
    }
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(file) = file {
        figment = figment.merge(Toml::file_exact(file));
    }
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    if let Some(problem) = names
        .filter_map(|name| unknown_variable(&name))
        .min_by_key(ToString::to_string)
    {
        return Err(problem);
    }
    let environment = Env::prefixed(PREFIX).filter(|key| sets_a_value(key.as_str()));
    figment = figment.merge(environment.split("__"));
    let config: Config = figment.extract().map_err(explain)?;
    config.policy().map_err(ConfigError::Invalid)?;
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(ConfigError::Invalid(problems.join("\n")));
    }
    if let Some(me) = config.me.as_ref().filter(|me| !config.people.contains_key(me)) {
        let message = format!("me is \"{me}\", who is not one of the people; add [people.{me}] with name and email");
        return Err(ConfigError::Invalid(message));
    }
    let values = values(&figment)?;
    Ok(Loaded {
        config,
        file: file.map(Path::to_owned),
        values,
    })
}

/// Whether a variable, named without its prefix, sets a value of the configuration.
fn sets_a_value(name: &str) -> bool {
    name.contains("__") || SINGLE.iter().any(|key| key.eq_ignore_ascii_case(name))
}

/// A variable that looks like one of ours and means nothing, so that whoever set it is not left to believe that it does.
fn unknown_variable(name: &str) -> Option<ConfigError> {
    let rest = name.strip_prefix(PREFIX)?;
    let elsewhere = ELSEWHERE.contains(&rest) || ELSEWHERE_BEGINNINGS.iter().any(|begins| rest.starts_with(begins));
    if sets_a_value(rest) || elsewhere {
        return None;
    }
    let known = SINGLE.iter().map(|key| key.to_uppercase());
    let near = known.map(|key| (strsim::jaro_winkler(rest, &key), key));
    let near = near
        .filter(|(alike, _)| *alike > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    Some(ConfigError::UnknownVariable {
        name: name.to_owned(),
        near: near.map(|(_, key)| format!("{PREFIX}{key}")),
    })
}

fn explain(error: figment::Error) -> ConfigError {
    let mut problems = Vec::new();
    for problem in error {
        let origin = problem.metadata.as_ref().map_or_else(
            || "the configuration".into(),
            |m| match &m.source {
                Some(Source::File(file)) => file.display().to_string(),
                _ => m.name.to_string(),
            },
        );
        let path = problem.path.join(".");
        let of_environment = problem.metadata.as_ref().is_some_and(is_environment);
        if let Kind::UnknownField(field, known) = &problem.kind {
            let section = problem.path.iter().take(problem.path.len().saturating_sub(1));
            let section: String = section.map(|part| format!("{part}.")).collect();
            let near = known.iter().map(|key| (strsim::jaro_winkler(field, key), *key));
            let near = near
                .filter(|(alike, _)| *alike > 0.75)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let near = near.map(|(_, key)| format!("{section}{key}"));
            let key = format!("{section}{field}");
            let origin = match of_environment {
                true => format!("environment variable {} sets", variable(&key)),
                false => format!("{origin} has"),
            };
            return ConfigError::UnknownKey { key, origin, near };
        }
        let at = if path.is_empty() {
            String::new()
        } else {
            format!("{path}: ")
        };
        problems.push(format!("{at}{} (in {origin})", problem.kind));
    }
    ConfigError::Invalid(problems.join("\n"))
}

fn is_environment(metadata: &figment::Metadata) -> bool {
    metadata.name.contains("environment")
}

/// The variable that sets a key.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

fn values(figment: &Figment) -> Result<Vec<Value>, ConfigError> {
    let mut values = Vec::new();
    let all: figment::value::Dict = figment.extract().map_err(explain)?;
    collect(figment, "", &Found::from(all), &mut values);
    for key in UNSET {
        if !values.iter().any(|value| value.key == key) {
            let near = values.partition_point(|value| value.key.as_str() < key);
            let (key, value) = (key.to_owned(), String::new());
            let origin = Origin::NotSet;
            values.insert(near, Value { key, value, origin });
        }
    }
    Ok(values)
}

fn collect(figment: &Figment, key: &str, found: &Found, values: &mut Vec<Value>) {
    if let Found::Dict(_, entries) = found {
        for (name, value) in entries {
            let key = if key.is_empty() {
                name.clone()
            } else {
                format!("{key}.{name}")
            };
            collect(figment, &key, value, values);
        }
        return;
    }
    let origin = match figment.find_metadata(key) {
        Some(metadata) => match &metadata.source {
            Some(Source::File(file)) => Origin::File(file.clone()),
            _ if is_environment(metadata) => Origin::Environment(variable(key)),
            _ => Origin::Default,
        },
        None => Origin::Default,
    };
    values.push(Value {
        key: key.to_owned(),
        value: shown(found, false),
        origin,
    });
}

/// A value as the file would have it; a text by itself stands without its quotes.
fn shown(found: &Found, inside: bool) -> String {
    match found {
        Found::String(_, text) if inside => format!("{text:?}"),
        Found::String(_, text) => text.clone(),
        Found::Char(_, text) => text.to_string(),
        Found::Bool(_, yes) => yes.to_string(),
        Found::Num(_, number) => match (number.to_u128(), number.to_i128(), number.to_f64()) {
            (Some(n), ..) => n.to_string(),
            (_, Some(n), _) => n.to_string(),
            (_, _, Some(n)) => n.to_string(),
            _ => String::new(),
        },
        Found::Array(_, items) => {
            let items: Vec<String> = items.iter().map(|item| shown(item, true)).collect();
            format!("[{}]", items.join(", "))
        }
        Found::Dict(_, entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{name} = {}", shown(value, true)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Found::Empty(..) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_listed_as_well() {
        let mut all = Config {
            me: Some(team6_core::ids::PersonId::new("ada").unwrap()),
            ..Config::default()
        };
        all.agents.planner = Some(team6_core::ids::AgentId::new("codex").unwrap());
        all.agents.workspaces_mb = Some(1);
        all.server.hosts = vec!["here".into()];
        let keys = |config: &Config| {
            let values = values(&Figment::from(Serialized::defaults(config))).unwrap();
            values.into_iter().map(|value| value.key).collect::<Vec<_>>()
        };
        assert_eq!(keys(&Config::default()), keys(&all));
        let values = values(&Figment::from(Serialized::defaults(Config::default()))).unwrap();
        let unset = values.iter().filter(|value| value.origin == Origin::NotSet);
        assert_eq!(unset.map(|value| value.key.as_str()).collect::<Vec<_>>(), UNSET);
    }

    #[test]
    fn variables_that_mean_nothing_are_named_with_what_was_probably_meant() {
        let said = |name: &str| {
            unknown_variable(name)
                .map(|problem| problem.to_string())
                .unwrap_or_default()
        };
        assert_eq!(
            said("TEAM6_SANDBX"),
            "environment variable TEAM6_SANDBX means nothing; did you mean \"TEAM6_SANDBOX\"?; sections are set apart by \
             two underscores, as in TEAM6_SERVER__LISTEN"
        );
        for known in [
            "TEAM6_DATA",
            "TEAM6_ME",
            "TEAM6_SANDBOX",
            "TEAM6_LIMITS__LEASE",
            "TEAM6_URL",
            "TEAM6_TREE",
            "TEAM6_WEB",
            "TEAM6_WEB_DIST",
            "TEAM6_FORECAST_SEED",
            "HOME",
        ] {
            assert_eq!(said(known), "", "{known}");
        }
    }
}
