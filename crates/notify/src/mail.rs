//! Mail, by SMTP.

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Mailboxes};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::{Channel, ChannelError, Notice};

/// How long a server may take for one command.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where mail is handed in.
#[derive(Clone, PartialEq, Eq)]
pub struct MailOptions {
    /// The server: `smtps://host` (TLS from the beginning), `smtp://host?tls=required` (STARTTLS) or `smtp://host`
    /// (plain), each with a port if it is not the usual one.
    pub server: String,
    /// Who sends it, such as `Team6 <team6@example.org>`.
    pub from: String,
    /// With which name and password, if the server wants one.
    pub credentials: Option<(String, String)>,
}

/// Mail.
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    server: String,
}

impl Mail {
    /// Mail by a server, or what is wrong with the settings.
    pub fn new(options: MailOptions) -> Result<Self, ChannelError> {
        let from = options.from.parse::<Mailbox>().map_err(|error| {
            ChannelError::Misconfigured(format!("from is no address such as Team6 <team6@example.org>: {error}"))
        })?;
        if options.server.contains('@') {
            let what = "server holds a name or password; give username and password by themselves";
            return Err(ChannelError::Misconfigured(what.to_owned()));
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&options.server).map_err(|error| {
            ChannelError::Misconfigured(format!(
                "server is no address such as smtps://mail.example.org or smtp://mail.example.org?tls=required: {error}"
            ))
        })?;
        let mut builder = builder.timeout(Some(PATIENCE));
        if let Some((name, password)) = options.credentials {
            builder = builder.credentials(Credentials::new(name, password));
        }
        Ok(Self {
            transport: builder.build(),
            from,
            server: options.server,
        })
    }
}

#[async_trait]
impl Channel for Mail {
    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError> {
        let message = message(&self.from, notice)?;
        self.transport.send(message).await.map(drop).map_err(|error| {
            let why = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
            match error.is_permanent() {
                true => ChannelError::Refused(format!("{} refused the mail: {why}", self.server)),
                false => ChannelError::Unreachable(format!("{} did not take the mail: {why}", self.server)),
            }
        })
    }
}

fn message(from: &Mailbox, notice: &Notice) -> Result<Message, ChannelError> {
    let address = notice.to.email.parse::<Address>().map_err(|error| {
        ChannelError::Misconfigured(format!("the email of {} is no address: {error}", notice.to.id))
    })?;
    let to = Mailboxes::from(Mailbox::new(Some(notice.to.name.clone()), address));
    let line = notice.headline().replace(['\r', '\n'], " ");
    Message::builder()
        .from(from.clone())
        .mailbox(lettre::message::header::To::from(to))
        .subject(format!("[Team6] {line}"))
        .message_id(Some(format!("<{}@{}>", notice.id, from.email.domain())))
        .header(ContentType::TEXT_PLAIN)
        .body(text(notice))
        .map_err(|error| ChannelError::Refused(format!("the mail cannot be written: {error}")))
}

fn text(notice: &Notice) -> String {
    let mut text = String::new();
    for one in &notice.waiting {
        text += &format!("{} {}\n  {}\n  {}\n\n", one.number, one.title, one.why, one.link);
    }
    if notice.waiting.is_empty() {
        text += "Mail of Team6 reaches you. Nothing waits because of this one.\n\n";
    }
    text + &format!("All that waits for you: {}\n", notice.inbox)
}
