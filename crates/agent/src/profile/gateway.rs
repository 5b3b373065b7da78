//! Servers whose credential an agent uses without having it.
//!
//! Its program asks an address in its sandbox, which a variable tells it; the engine's proxy puts the credential in on the
//! way to the server. What is written in a profile is checked here by the rules of the proxy itself.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use team6_egress::{GatewayError, Secret};
use toml::de::DeValue;

use super::env::{self, EnvProblem, EnvValue, resolve};
use crate::toml_reader::{Fields, Node, Reader};

/// The header whose values begin with a scheme.
const AUTHORIZATION: &str = "authorization";
/// The scheme that it has if a profile names none.
const BEARER: &str = "Bearer";
/// Variables that programs have from the engine, besides those that tell of its proxy.
const OF_THE_ENGINE: [&str; 4] = ["HOME", "PATH", "TMPDIR", "USER"];
/// The most characters that a gateway's name has of its upstream's.
const LONGEST_NAME: usize = 40;

/// A server that an agent asks without having its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Where its requests go: `http://` or `https://` with a host, and maybe a path that stands before theirs.
    pub upstream: String,
    /// Where the credential is found.
    pub secret: SecretReference,
    /// The header in which it is sent.
    pub header: String,
    /// The word before it, none if it is empty; as it is usual for the header if it is left out.
    pub scheme: Option<String>,
    /// The variable that tells the agent's program where to ask.
    pub variable: String,
    /// What that address ends with.
    pub path: String,
}

/// Where a secret is found when an agent starts; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretReference {
    /// In a variable of the engine's own environment.
    Variable {
        /// The name of the variable.
        name: String,
        /// Whether the agent starts without it when the operator has not set it.
        optional: bool,
    },
    /// In a file, without the line break at its end.
    File(PathBuf),
}

/// As people read it.
impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name, .. } => write!(f, "${name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

impl SecretReference {
    /// Whether a variable is taken from the same place.
    pub(super) fn is_of(&self, value: &EnvValue) -> bool {
        match (self, value) {
            (Self::Variable { name, .. }, EnvValue::Variable { name: other, .. }) => name == other,
            (Self::File(path), EnvValue::File(other)) => path == other,
            _ => false,
        }
    }

    pub(super) fn value(&self) -> EnvValue {
        match self.clone() {
            Self::Variable { name, optional } => EnvValue::Variable { name, optional },
            Self::File(path) => EnvValue::File(path),
        }
    }
}

/// A gateway whose secret is there, for the proxy of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGateway {
    /// What the proxy needs of it.
    pub gateway: team6_egress::Gateway,
    /// The variable that is to tell the agent's program where to ask.
    pub variable: String,
    /// What that address ends with.
    pub path: String,
}

/// A gateway and the secret that was found for it.
pub(super) struct Found<'a> {
    pub(super) of: &'a Gateway,
    pub(super) secret: String,
    pub(super) open: OpenGateway,
}

/// Finds the secrets of gateways. One whose secret may be missing, and is, is left out.
pub(super) fn find<'a>(
    gateways: &'a [Gateway],
    operator: &impl Fn(&str) -> Option<String>,
    problems: &mut Vec<EnvProblem>,
) -> Vec<Found<'a>> {
    let (mut found, mut names) = (Vec::new(), BTreeSet::new());
    for of in gateways {
        let what = format!("the secret of the gateway to {}", of.upstream);
        match resolve(&what, &of.secret.value(), operator) {
            Err(problem) => problems.push(problem),
            Ok(None) => {}
            // As many scripts set what they have no value for.
            Ok(Some(secret)) if secret.is_empty() && of.may_be_missing() => {}
            Ok(Some(secret)) => match of.open(&unlike(&mut names, &of.name()), &secret) {
                Ok(open) => found.push(Found { of, secret, open }),
                Err(why) => problems.push(EnvProblem::Unsendable { what, why }),
            },
        }
    }
    found
}

impl Gateway {
    fn may_be_missing(&self) -> bool {
        matches!(self.secret, SecretReference::Variable { optional: true, .. })
    }

    fn open(&self, name: &str, secret: &str) -> Result<OpenGateway, GatewayError> {
        if secret.is_empty() {
            return Err(GatewayError::Secret);
        }
        let scheme = match &self.scheme {
            Some(scheme) => scheme.as_str(),
            None if self.header.eq_ignore_ascii_case(AUTHORIZATION) => BEARER,
            None => "",
        };
        let value = Secret::new(format!("{scheme} {secret}").trim_start())?;
        Ok(OpenGateway {
            gateway: team6_egress::Gateway::new(name, &self.upstream, &self.header, value)?,
            variable: self.variable.clone(),
            path: self.path.clone(),
        })
    }

    /// Where a program asks that has the credential itself.
    pub(super) fn direct(&self) -> String {
        format!("{}{}", self.upstream.trim_end_matches('/'), self.path)
    }

    /// What a trace calls it: its upstream's host, in the letters that a label may have.
    fn name(&self) -> String {
        let place = self.upstream.split("://").nth(1).unwrap_or_default();
        let host = place.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let proper = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = host.chars().map(proper).take(LONGEST_NAME).collect();
        match name.trim_matches('-') {
            "" => "gateway".into(),
            name => name.into(),
        }
    }
}

/// The name, or the first with a number after it that is not taken.
fn unlike(taken: &mut BTreeSet<String>, name: &str) -> String {
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    let free = names.find(|name| taken.insert(name.clone()));
    free.unwrap_or_default()
}

/// The gateways of a profile's file.
pub(super) fn read(reader: &Reader<'_>, node: &Node<'_>) -> Vec<Gateway> {
    if matches!(node.get_ref(), DeValue::Table(_)) {
        reader.add(
            &node.span(),
            "profile.gateways is a list: begin each gateway with a line [[gateways]]",
        );
        return Vec::new();
    }
    let mut made: Vec<Gateway> = Vec::new();
    for item in reader.list("profile.gateways", node) {
        let mut fields = reader.fields("gateway", item, None);
        let gateway = one(&mut fields);
        if let Some(node) = fields.get("variable")
            && made.iter().any(|other| other.variable == gateway.variable)
        {
            let text = format!(
                "gateway.variable {} is that of another gateway already; a variable leads to one",
                gateway.variable
            );
            reader.add(&node.span(), text);
        }
        fields.finish();
        made.push(gateway);
    }
    made
}

fn one(fields: &mut Fields<'_>) -> Gateway {
    let reader = fields.reader;
    let upstream = required(fields, "upstream", |text| upstream(text).err());
    let header = required(fields, "header", |text| header(text).err());
    let variable = required(fields, "variable", |text| variable(text).err());
    let secret = fields.require("secret").and_then(|node| secret(reader, node));
    let scheme = fields.get("scheme").map(|node| {
        let text = reader.text("gateway.scheme", node);
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            reader.add(
                &node.span(),
                "gateway.scheme must be one word such as \"Bearer\", or \"\" for none",
            );
        }
        text.to_owned()
    });
    let path = fields.get("path").map(|node| {
        let text = reader.text("gateway.path", node);
        let is_path = text.starts_with('/') && text.chars().all(|c| c.is_ascii_graphic() && !"?#".contains(c));
        if !is_path && !text.is_empty() {
            reader.add(
                &node.span(),
                "gateway.path must begin with / and have no query, such as \"/v1\"",
            );
        }
        text.to_owned()
    });
    Gateway {
        upstream,
        // Of a profile without one, the problem was said.
        secret: secret.unwrap_or(SecretReference::File(PathBuf::new())),
        header,
        scheme,
        variable,
        path: path.unwrap_or_default(),
    }
}

/// A text that must be there, unless something is wrong with it.
fn required(fields: &mut Fields<'_>, name: &'static str, wrong: impl Fn(&str) -> Option<String>) -> String {
    let Some(node) = fields.require(name) else {
        return String::new();
    };
    let text = fields.reader.text(&fields.path(name), node);
    let is_text = matches!(node.get_ref(), DeValue::String(_));
    if let Some(problem) = wrong(text).filter(|_| is_text) {
        fields.reader.add(&node.span(), problem);
    }
    text.to_owned()
}

fn variable(text: &str) -> Result<(), String> {
    if !env::is_name(text) {
        return Err(format!("gateway.variable \"{text}\" is no name of a variable"));
    }
    let engines = OF_THE_ENGINE.contains(&text) || text.to_ascii_lowercase().ends_with("_proxy");
    match engines {
        true => Err(format!(
            "gateway.variable {text} is one that the engine sets for every program; name the one by which the agent's program \
             learns its server's address, such as ANTHROPIC_BASE_URL"
        )),
        false => Ok(()),
    }
}

/// It may hold a password, so it is not shown.
fn upstream(text: &str) -> Result<(), String> {
    checked(text, AUTHORIZATION).map_err(|error| match error {
        GatewayError::Host { source, .. } => format!("gateway.upstream: {source}"),
        _ => "gateway.upstream must be http:// or https:// with a host, and have no user, query or fragment".into(),
    })
}

fn header(text: &str) -> Result<(), String> {
    checked("http://localhost", text).map_err(|_| {
        format!("gateway.header \"{text}\" is not one for a credential; use one such as authorization or x-api-key")
    })
}

/// Asks the proxy what it thinks of both.
fn checked(upstream: &str, header: &str) -> Result<(), GatewayError> {
    let secret = Secret::new("checked")?;
    team6_egress::Gateway::new("checked", upstream, header, secret).map(|_| ())
}

fn secret(reader: &Reader<'_>, node: &Node<'_>) -> Option<SecretReference> {
    if let DeValue::Table(_) = node.get_ref() {
        let mut fields = reader.fields("the secret", node, None);
        let file = fields.require("file").map(|path| reader.text("file", path).into());
        fields.finish();
        return file.map(SecretReference::File);
    }
    let parsed = match node.get_ref() {
        DeValue::String(text) => env::parse(text),
        _ => EnvValue::Text(String::new()),
    };
    match parsed {
        EnvValue::Variable { name, optional } if env::is_name(&name) => {
            Some(SecretReference::Variable { name, optional })
        }
        // It may be the secret, so it is not shown.
        _ => {
            let text = "gateway.secret must say where the secret is found, since a file that people share is no place for \
                        it: write \"$NAME\" for a variable of the engine's environment, \"$NAME?\" where it may be missing, \
                        or { file = \"…\" }";
            reader.add(&node.span(), text);
            None
        }
    }
}

#[cfg(test)]
mod tests;
