//! Which sessions are open, and which codes may open one.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use team6_core::ids::PersonId;
use team6_core::time::Timestamp;
use tokio::sync::{Mutex, watch};

use super::super::error::ApiError;
use super::super::token::Token;
use super::super::types::SignInCode;
use super::cookie;
use super::kept::{self, Session};

/// How long a session lasts.
pub(super) const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a code opens a session.
const CODE_LIFE: Duration = Duration::from_secs(60);
/// The most sessions and codes at once; the oldest make room.
const MOST: usize = 200;

/// The sessions of a server.
pub(in super::super) struct Sessions {
    token: Token,
    file: PathBuf,
    /// The name of the cookie. Cookies know no ports, so two servers of one machine need names of their own.
    name: String,
    now: Mutex<Now>,
    /// Rings when a session may have ended.
    ended: watch::Sender<u64>,
}

/// What is open now.
#[derive(Default)]
struct Now {
    sessions: VecDeque<Session>,
    codes: VecDeque<Code>,
}

/// A code that opens a session, or did.
struct Code {
    digest: String,
    person: PersonId,
    until: Timestamp,
    /// The session that it opened.
    opened: Option<String>,
}

/// A session that was just opened.
pub(super) struct Opened {
    /// What the browser shows from now on.
    pub(super) secret: String,
    pub(super) until: Timestamp,
    /// Whom the code was made for; none if there was no code.
    pub(super) person: Option<PersonId>,
}

impl Sessions {
    /// The sessions that were open when the server with this token stopped.
    pub(in super::super) fn of(token: &Token) -> Self {
        let file = token.file().with_file_name("sessions");
        let sessions = kept::read(&file).unwrap_or_else(|error| {
            tracing::warn!(file = %file.display(), %error, "the sessions of browsers cannot be read; people sign in again");
            Vec::new()
        });
        let name: String = token.digest_of("cookie").chars().take(8).collect();
        Self {
            token: token.clone(),
            file,
            name: format!("team6_{name}"),
            now: Mutex::new(Now {
                sessions: sessions.into(),
                codes: VecDeque::new(),
            }),
            ended: watch::Sender::new(0),
        }
    }

    /// Makes a code for a person.
    pub(super) async fn make_code(&self, person: PersonId, now: Timestamp) -> Result<SignInCode, ApiError> {
        let code = secret()?;
        let until = now + CODE_LIFE;
        let mut open = self.now.lock().await;
        open.codes.retain(|code| code.until > now);
        open.codes.push_back(Code {
            digest: self.token.digest_of(&code),
            person,
            until,
            opened: None,
        });
        keep_newest(&mut open.codes);
        Ok(SignInCode { code, until })
    }

    /// Opens a session with a code. A code that comes twice is known to somebody else: the session that it opened ends.
    pub(super) async fn redeem(&self, code: &str, now: Timestamp) -> Result<Opened, ApiError> {
        let digest = self.token.digest_of(code);
        let mut open = self.now.lock().await;
        let known = open
            .codes
            .iter_mut()
            .find(|code| code.digest == digest && code.until > now);
        let Some(known) = known else {
            let text = "this link is no longer good: it works once and for a minute; call `team6 open` again";
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "code-unknown", text));
        };
        if let Some(session) = known.opened.clone() {
            open.sessions.retain(|open| open.digest != session);
            self.ring();
            self.keep(&open).await?;
            let text =
                "this link was used before, so the session that it opened has been ended; call `team6 open` again";
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "code-used", text));
        }
        let person = known.person.clone();
        let secret = secret()?;
        known.opened = Some(self.token.digest_of(&secret));
        self.opened(&mut open, secret, Some(person), now).await
    }

    /// Opens a session.
    pub(super) async fn open(&self, person: Option<PersonId>, now: Timestamp) -> Result<Opened, ApiError> {
        let mut open = self.now.lock().await;
        self.opened(&mut open, secret()?, person, now).await
    }

    async fn opened(
        &self,
        open: &mut Now,
        secret: String,
        person: Option<PersonId>,
        now: Timestamp,
    ) -> Result<Opened, ApiError> {
        let until = now + LIFE;
        open.sessions.retain(|session| session.until > now);
        open.sessions.push_back(Session {
            digest: self.token.digest_of(&secret),
            until,
        });
        keep_newest(&mut open.sessions);
        self.ring();
        // On a full disk people still get in, to see what fills it; a restart forgets them.
        if let Err(error) = self.keep(open).await {
            tracing::warn!(?error, "a session is not kept over a restart");
        }
        Ok(Opened { secret, until, person })
    }

    /// Whether a secret is that of an open session.
    pub(in super::super) async fn know(&self, secret: &str, now: Timestamp) -> bool {
        // A digest that was guessed right needs a secret that it belongs to, so comparing it may take what it takes.
        let digest = self.token.digest_of(secret);
        let open = self.now.lock().await;
        open.sessions
            .iter()
            .any(|session| session.digest == digest && session.until > now)
    }

    /// Returns when the session with a secret has ended.
    pub(in super::super) async fn until_ended(&self, secret: &str, now: impl Fn() -> Timestamp) {
        let mut ended = self.ended.subscribe();
        while self.know(secret, now()).await {
            if ended.changed().await.is_err() {
                return;
            }
        }
    }

    fn ring(&self) {
        self.ended.send_modify(|n| *n += 1);
    }

    /// Ends the session with a secret, or all of them, and says how many ended.
    pub(super) async fn end(&self, only: Option<&str>) -> Result<usize, ApiError> {
        let digest = only.map(|secret| self.token.digest_of(secret));
        let mut open = self.now.lock().await;
        let before = open.sessions.len();
        open.sessions
            .retain(|session| digest.as_ref().is_some_and(|digest| session.digest != *digest));
        if digest.is_none() {
            open.codes.clear();
        }
        let ended = before - open.sessions.len();
        if ended > 0 {
            self.ring();
            self.keep(&open).await?;
        }
        Ok(ended)
    }

    /// The secret that a browser shows.
    pub(in super::super) fn secret_in<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie::value(headers, &self.name)
    }

    /// The cookie that gives a browser a secret for a while, or takes it away.
    pub(super) fn cookie(&self, secret: &str, life: Duration, encrypted: bool) -> Result<HeaderValue, ApiError> {
        let text = cookie::set(&self.name, secret, life, encrypted);
        HeaderValue::from_str(&text)
            .map_err(|error| ApiError::failed(StatusCode::INTERNAL_SERVER_ERROR, "no-session", &error))
    }

    /// Writes down what is open. Whoever holds `open` keeps others from writing at the same time.
    async fn keep(&self, open: &Now) -> Result<(), ApiError> {
        let (file, sessions) = (self.file.clone(), Vec::from(open.sessions.clone()));
        let written = tokio::task::spawn_blocking(move || kept::write(&file, &sessions)).await;
        let written = written.map_err(io::Error::other).flatten();
        written.map_err(|error| ApiError::failed(StatusCode::INTERNAL_SERVER_ERROR, "sessions-not-kept", &error))
    }
}

fn keep_newest<T>(all: &mut VecDeque<T>) {
    while all.len() > MOST {
        all.pop_front();
    }
}

/// What nobody guesses.
fn secret() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        let error = io::Error::other(error);
        ApiError::failed(StatusCode::INTERNAL_SERVER_ERROR, "no-randomness", &error)
    })?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn sessions(folder: &tempfile::TempDir, token: &str) -> Sessions {
        Sessions::of(&Token::new(token, folder.path().join("token")))
    }

    fn ada() -> PersonId {
        "ada".parse().unwrap()
    }

    #[tokio::test]
    async fn a_code_is_good_for_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = sessions(&folder, "t");
        let code = sessions.make_code(ada(), NOW).await.unwrap();
        assert_eq!(code.until, NOW + Duration::from_secs(60));
        assert!(sessions.redeem(&code.code, code.until).await.is_err());
        let code = sessions.make_code(ada(), NOW).await.unwrap();
        let opened = sessions
            .redeem(&code.code, NOW + Duration::from_secs(59))
            .await
            .unwrap();
        assert_eq!(opened.person, Some(ada()));
        assert!(
            sessions
                .know(&opened.secret, opened.until - Duration::from_millis(1))
                .await
        );
        assert!(!sessions.know(&opened.secret, opened.until).await);
    }

    #[tokio::test]
    async fn sessions_outlive_a_restart_and_end_with_the_token() {
        let folder = tempfile::tempdir().unwrap();
        let secret = sessions(&folder, "t").open(None, NOW).await.unwrap().secret;
        let file = std::fs::read_to_string(folder.path().join("sessions")).unwrap();
        assert!(!file.contains(&secret), "{file}");
        assert!(sessions(&folder, "t").know(&secret, NOW).await);
        assert!(!sessions(&folder, "another").know(&secret, NOW).await);
        assert_eq!(sessions(&folder, "t").end(Some(&secret)).await.unwrap(), 1);
        assert!(!sessions(&folder, "t").know(&secret, NOW).await);
        std::fs::write(folder.path().join("sessions"), "broken").unwrap();
        assert!(!sessions(&folder, "t").know(&secret, NOW).await);
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_sessions_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = sessions(&folder, "t");
        let first = sessions.open(None, NOW).await.unwrap().secret;
        for _ in 1..MOST {
            sessions.open(None, NOW).await.unwrap();
        }
        assert!(sessions.know(&first, NOW).await);
        sessions.open(None, NOW).await.unwrap();
        assert!(!sessions.know(&first, NOW).await);
        assert_eq!(sessions.end(None).await.unwrap(), MOST);
    }
}
