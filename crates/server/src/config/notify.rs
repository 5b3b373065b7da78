//! How people are told outside the app what waits for them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use team6_core::ids::PersonId;
use team6_notify::{Channel, Mail, MailOptions, Rules, Webhook, WebhookOptions};

use super::Config;

/// The name of the channel that sends mail.
const MAIL: &str = "mail";
/// What can wait for a person, as the API names it.
const KINDS: [&str; 15] = [
    "asked",
    "awaits_approval",
    "budget",
    "dependency_cancelled",
    "failed",
    "funds",
    "held",
    "merge",
    "no_owner",
    "partly_merged",
    "partly_reverted",
    "planning_failed",
    "question_open",
    "review",
    "subtask_review",
];

/// How people are told what waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// How long something waits before anybody is told. What is solved before is not told.
    #[serde(serialize_with = "jiff::fmt::serde::duration::friendly::compact::required")]
    pub after: SignedDuration,
    /// The address under which people open the app, for links; the one on which the server listens unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Webhooks, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub webhooks: BTreeMap<String, WebhookSettings>,
    /// Mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSettings>,
}

/// One webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// The address; or `url_file`, if it is itself a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The file that holds the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// The file that holds what requests are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Whom it tells; everybody unless given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub people: BTreeSet<PersonId>,
    /// Of what; everything unless given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<String>,
}

/// How mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// The server: `smtps://host`, `smtp://host?tls=required` or `smtp://host`.
    pub server: String,
    /// Who sends it.
    pub from: String,
    /// The name that the server wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The file that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Who gets mail; everybody unless given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub people: BTreeSet<PersonId>,
    /// About what; everything unless given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<String>,
}

/// A channel that is ready to be used.
pub(crate) struct Ready {
    pub(crate) name: String,
    pub(crate) channel: Box<dyn Channel>,
    pub(crate) rules: Rules,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            after: SignedDuration::from_mins(2),
            link: None,
            webhooks: BTreeMap::new(),
            mail: None,
        }
    }
}

impl Notify {
    /// The channels, or everything that keeps one from working. Reads the files of secrets.
    pub(crate) fn channels(&self) -> Result<Vec<Ready>, Vec<String>> {
        let mut ready = Vec::new();
        let mut wrong = Vec::new();
        let mut take = |key: String, name: &str, channel: Result<Box<dyn Channel>, String>, rules: Rules| match channel
        {
            Ok(channel) => ready.push(Ready {
                name: name.to_owned(),
                channel,
                rules,
            }),
            Err(why) => wrong.push(format!("{key}: {why}")),
        };
        for (name, settings) in &self.webhooks {
            let rules = self.rules(&settings.people, &settings.kinds);
            take(format!("notify.webhooks.{name}"), name, settings.channel(), rules);
        }
        if let Some(mail) = &self.mail {
            let rules = self.rules(&mail.people, &mail.kinds);
            take("notify.mail".to_owned(), MAIL, mail.channel(), rules);
        }
        if wrong.is_empty() { Ok(ready) } else { Err(wrong) }
    }

    fn rules(&self, people: &BTreeSet<PersonId>, kinds: &BTreeSet<String>) -> Rules {
        Rules {
            after: Duration::try_from(self.after).unwrap_or_default(),
            people: people.clone(),
            kinds: kinds.clone(),
        }
    }

    /// Everything that nobody can have meant, one line each. What is in files is not looked at: only who runs the server
    /// may be able to read them.
    pub(super) fn problems(&self, config: &Config) -> Vec<String> {
        let mut problems = Vec::new();
        if self.after.is_negative() {
            problems.push("notify.after is below zero; give a time such as 2m, or 0s".to_owned());
        }
        if let Some(link) = self
            .link
            .as_ref()
            .filter(|link| !link.starts_with("http://") && !link.starts_with("https://"))
        {
            problems.push(format!("notify.link is {link}; write it with https://"));
        }
        let webhooks = self
            .webhooks
            .iter()
            .map(|(name, webhook)| (format!("notify.webhooks.{name}"), &webhook.people, &webhook.kinds));
        let mail = self
            .mail
            .iter()
            .map(|mail| ("notify.mail".to_owned(), &mail.people, &mail.kinds));
        for (key, people, kinds) in webhooks.chain(mail) {
            let strangers = people.iter().filter(|person| !config.people.contains_key(*person));
            problems
                .extend(strangers.map(|person| format!("{key}.people names {person}, who is not one of the people")));
            let unknown = kinds.iter().filter(|kind| !KINDS.contains(&kind.as_str()));
            problems.extend(unknown.map(|kind| {
                format!(
                    "{key}.kinds names {kind}, which never waits for a person; known are {}",
                    KINDS.join(", ")
                )
            }));
        }
        let odd = |name: &&String| {
            *name == MAIL || name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        problems.extend(self.webhooks.keys().filter(odd).map(|name| {
            format!("notify.webhooks.{name}: name it with letters, digits and hyphens, and not \"{MAIL}\"")
        }));
        problems
    }

    /// The address with which links begin, without a slash at its end.
    pub(crate) fn link(&self, listen: SocketAddr) -> String {
        match &self.link {
            Some(link) => link.trim_end_matches('/').to_owned(),
            None if listen.ip().is_unspecified() => format!("http://{}:{}", Ipv4Addr::LOCALHOST, listen.port()),
            None => format!("http://{listen}"),
        }
    }
}

impl WebhookSettings {
    fn channel(&self) -> Result<Box<dyn Channel>, String> {
        let url = match (&self.url, &self.url_file) {
            (Some(url), None) => url.clone(),
            (None, Some(file)) => secret(file)?,
            _ => return Err("give either url or url_file".to_owned()),
        };
        let secret = self.secret_file.as_deref().map(secret).transpose()?;
        let webhook = Webhook::new(WebhookOptions { url, secret }).map_err(|error| error.to_string())?;
        Ok(Box::new(webhook))
    }
}

impl MailSettings {
    fn channel(&self) -> Result<Box<dyn Channel>, String> {
        let credentials = match (&self.username, &self.password_file) {
            (Some(name), Some(file)) => Some((name.clone(), secret(file)?)),
            (None, None) => None,
            _ => return Err("give both username and password_file, or neither".to_owned()),
        };
        let mail = Mail::new(MailOptions {
            server: self.server.clone(),
            from: self.from.clone(),
            credentials,
        });
        Ok(Box::new(mail.map_err(|error| error.to_string())?))
    }
}

/// What a file holds, without the space around it.
fn secret(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    match text.trim() {
        "" => Err(format!("{} is empty", file.display())),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(toml: &str) -> Config {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn what_cannot_work_is_told_before_the_server_starts() {
        let config = settings(
            r#"
            [notify]
            link = "team6.example.org"
            [notify.webhooks.chat]
            url = "hooks.example.org"
            people = ["lin"]
            kinds = ["reveiw"]
            [notify.webhooks.mail]
            url_file = "/nothing/there"
            [notify.mail]
            server = "smtp://user:password@mail.example.org"
            from = "Team6 <team6@example.org>"
            "#,
        );
        let said = [
            config.notify.problems(&config),
            config.notify.channels().err().unwrap_or_default(),
        ];
        insta::assert_snapshot!(said.concat().join("\n"), @r#"
        notify.link is team6.example.org; write it with https://
        notify.webhooks.chat.people names lin, who is not one of the people
        notify.webhooks.chat.kinds names reveiw, which never waits for a person; known are asked, awaits_approval, budget, dependency_cancelled, failed, funds, held, merge, no_owner, partly_merged, partly_reverted, planning_failed, question_open, review, subtask_review
        notify.webhooks.mail: name it with letters, digits and hyphens, and not "mail"
        notify.webhooks.chat: url is no address that begins with https:// or http://
        notify.webhooks.mail: /nothing/there cannot be read: No such file or directory (os error 2)
        notify.mail: server holds a name or password; give username and password by themselves
        "#);
    }

    #[test]
    fn what_can_be_told_of_is_what_the_api_knows_as_a_reason() {
        let api: serde_json::Value = serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap();
        let reasons = api
            .pointer("/components/schemas/Reason/oneOf")
            .unwrap()
            .as_array()
            .unwrap();
        let names: Vec<_> = reasons
            .iter()
            .filter_map(|reason| reason.pointer("/properties/reason/enum/0")?.as_str())
            .collect();
        let unknown: Vec<_> = KINDS.iter().filter(|kind| !names.contains(kind)).collect();
        assert!(unknown.is_empty(), "{unknown:?} are not among {names:?}");
    }

    #[test]
    fn links_lead_to_where_the_server_can_be_reached() {
        let link = |notify: &Notify, listen: &str| notify.link(listen.parse().unwrap());
        assert_eq!(link(&Notify::default(), "127.0.0.1:6060"), "http://127.0.0.1:6060");
        assert_eq!(link(&Notify::default(), "0.0.0.0:6060"), "http://127.0.0.1:6060");
        let notify = Notify {
            link: Some("https://team6.example.org/".into()),
            ..Notify::default()
        };
        assert_eq!(link(&notify, "127.0.0.1:6060"), "https://team6.example.org");
    }
}
