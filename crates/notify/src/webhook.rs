//! A webhook: a POST of JSON, signed as the Standard Webhooks specification says (standardwebhooks.com), so that a receiver
//! can check it with one of that specification's libraries. Chat programs that take a `text`, such as Slack's and
//! Mattermost's, show it as it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use sha2::Sha256;
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;

use crate::{Channel, ChannelError, Notice};

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The beginning of a secret that is written as base64.
const ENCODED: &str = "whsec_";

/// Where a webhook goes.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookOptions {
    /// The address. It may itself be a secret, so it is never shown whole.
    pub url: String,
    /// What requests are signed with; they are not signed without one. `whsec_` and base64, or any text.
    pub secret: Option<String>,
}

/// A webhook.
pub struct Webhook {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    key: Option<Vec<u8>>,
}

impl Webhook {
    /// A webhook to an address, or what is wrong with it.
    pub fn new(options: WebhookOptions) -> Result<Self, ChannelError> {
        let wrong = |what: &str| ChannelError::Misconfigured(what.to_owned());
        let url = options.url.parse::<Uri>().ok();
        let url = url.filter(|url| url.host().is_some() && matches!(url.scheme_str(), Some("http" | "https")));
        let url = url.ok_or_else(|| wrong("url is no address that begins with https:// or http://"))?;
        let key = options.secret.map(|secret| match secret.strip_prefix(ENCODED) {
            Some(encoded) => {
                let key = STANDARD.decode(encoded.trim());
                key.map_err(|_| wrong("secret begins with whsec_, but what follows is not base64"))
            }
            None => Ok(secret.trim().as_bytes().to_vec()),
        });
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())
            .map_err(|error| ChannelError::Misconfigured(format!("no certificates are trusted here: {error}")))?;
        let https = https.https_or_http().enable_http1().build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(https),
            url,
            key: key.transpose()?,
        })
    }

    /// The host, which is all of the address that is shown.
    fn host(&self) -> &str {
        self.url.host().unwrap_or_default()
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let body = body(notice, now);
        let mut request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("team6/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &notice.id)
            .header("webhook-timestamp", now);
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", signature(key, &notice.id, now, &body));
        }
        let request = request.body(Full::from(body));
        let request = request.map_err(|error| ChannelError::Misconfigured(error.to_string()))?;
        let unreachable = |why: String| ChannelError::Unreachable(format!("{} cannot be reached: {why}", self.host()));
        let answer = timeout(PATIENCE, self.client.request(request)).await;
        let answer = answer.map_err(|_| unreachable(format!("no answer within {} s", PATIENCE.as_secs())))?;
        let answer = answer.map_err(|error| {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            unreachable(why)
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.is_server_error() || status.as_u16() == 429 => {
                Err(ChannelError::Unreachable(format!("{} answered {status}", self.host())))
            }
            status => Err(ChannelError::Refused(format!("{} answered {status}", self.host()))),
        }
    }
}

fn body(notice: &Notice, now: u64) -> String {
    let lines = notice.waiting.iter().map(|one| {
        let what = format!("{} {}: {}", one.number, one.title, one.why);
        format!("{what}\n{}", one.link)
    });
    let text: Vec<String> = std::iter::once(format!("For {}: {}", notice.to.name, notice.headline()))
        .chain(lines)
        .collect();
    json!({
        "type": if notice.waiting.is_empty() { "trial" } else { "waiting" },
        "timestamp": now,
        "text": text.join("\n"),
        "data": {
            "person": notice.to.id,
            "name": notice.to.name,
            "inbox": notice.inbox,
            "waiting": notice.waiting,
        },
    })
    .to_string()
}

fn signature(key: &[u8], id: &str, now: u64, body: &str) -> String {
    // A key of any length can be used.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(format!("{id}.{now}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the specification.
    #[test]
    fn a_request_is_signed_as_the_specification_says() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_cannot_be_an_address_or_a_secret_is_told() {
        let wrong = |url: &str, secret: Option<&str>| {
            let options = WebhookOptions {
                url: url.into(),
                secret: secret.map(Into::into),
            };
            Webhook::new(options).err().map(|error| error.to_string())
        };
        assert_eq!(wrong("https://hooks.example.org/T0", None), None);
        for odd in ["hooks.example.org", "ftp://example.org", "https://", "no address"] {
            let said = wrong(odd, None).unwrap();
            assert_eq!(said, "url is no address that begins with https:// or http://", "{odd}");
        }
        let secret = wrong("https://example.org", Some("whsec_%")).unwrap();
        assert_eq!(secret, "secret begins with whsec_, but what follows is not base64");
    }
}
