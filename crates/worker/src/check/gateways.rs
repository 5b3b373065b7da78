//! Whether the servers behind an agent's gateways answer, and take the secrets: each is asked once for its list of models,
//! by the way that the agent has, which costs nothing.

use std::path::Path;
use std::time::Duration;

use team6_agent::acp::{CheckReport, Problem};
use team6_agent::profile::OpenGateway;
use team6_core::failure::FailureKind;
use team6_egress::{GATEWAYS, Outcome, Record, What};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long one may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much of an answer is read, in bytes.
const MOST: u64 = 1 << 20;

/// Where servers of models list them, below what the agent is told as their address.
fn models(gateway: &OpenGateway) -> String {
    let base = gateway.path.trim_end_matches('/');
    match base.ends_with("/v1") {
        true => format!("{base}/models"),
        false => format!("{base}/v1/models"),
    }
}

/// Asks a server by way of the proxy; what came of it stands in the proxy's records.
pub(super) async fn ask(proxy: &Path, gateway: &OpenGateway) {
    let host = format!("{}{GATEWAYS}", gateway.gateway.name());
    let request = format!(
        "GET http://{host}{} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n",
        models(gateway)
    );
    let asked = async {
        let mut stream = UnixStream::connect(proxy).await?;
        stream.write_all(request.as_bytes()).await?;
        tokio::io::copy(&mut stream.take(MOST), &mut tokio::io::sink()).await
    };
    if !matches!(timeout(PATIENCE, asked).await, Ok(Ok(_))) {
        tracing::debug!(
            gateway = gateway.gateway.name(),
            "the proxy's answer was not read to its end"
        );
    }
}

/// What came of asking, in the report. A server that cannot be reached or does not take the secret is a problem of the
/// agent's, if it has no other.
pub(super) fn answered(report: &mut CheckReport, gateways: &[OpenGateway], records: &[Record]) {
    for open in gateways {
        let ours = |record: &&Record| match &record.what {
            What::Gateway { name, path, .. } => name == open.gateway.name() && *path == models(open),
            _ => false,
        };
        let (Some(record), Some(line)) = (
            records.iter().rfind(ours),
            report.gateways.iter_mut().find(|line| line.variable == open.variable),
        ) else {
            continue;
        };
        let (upstream, secret) = (&line.upstream, &line.secret);
        let problem = match (record.status, &record.outcome) {
            (Some(status @ (401 | 403)), _) => Some((
                FailureKind::LoginNeeded,
                format!("{upstream} does not take the secret from {secret} (status {status})"),
                format!("See that {secret} holds a key that is good there, then start the server anew."),
            )),
            (None, Outcome::Failed { why, .. }) => Some((
                FailureKind::AgentUnavailable,
                format!("{upstream} was asked, and did not answer: {why}"),
                "See that `upstream` of the gateway is right, and that this machine reaches it.".to_owned(),
            )),
            _ => None,
        };
        line.answer = match record.status {
            Some(status @ 200..=299) => Some(format!("it was asked once, and takes it (status {status})")),
            Some(status) => Some(format!("it was asked once, and answers (status {status})")),
            None => None,
        };
        if let (None, Some((kind, text, hint))) = (&report.problem, problem) {
            report.problem = Some(Problem {
                kind,
                text,
                hint: Some(hint),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use team6_agent::profile::{AgentProfile, CommandLine};
    use team6_egress::{Failure, Gateway, Secret};

    use super::*;

    fn open(path: &str) -> OpenGateway {
        OpenGateway {
            gateway: Gateway::new(
                "one",
                "https://api.example.org",
                "x-api-key",
                Secret::new("key").unwrap(),
            )
            .unwrap(),
            variable: "A_URL".into(),
            path: path.into(),
        }
    }

    /// What is said when the server answers like this.
    fn said(status: Option<u16>, outcome: Outcome) -> (Option<String>, Option<String>) {
        let command = CommandLine {
            program: "agent".into(),
            args: Vec::new(),
        };
        let mut profile = AgentProfile::of_command("tester".parse().unwrap(), command);
        profile.gateways = vec![team6_agent::profile::Gateway {
            upstream: "https://api.example.org".into(),
            secret: team6_agent::profile::SecretReference::File("/keys/one".into()),
            header: "x-api-key".into(),
            scheme: None,
            variable: "A_URL".into(),
            path: String::new(),
        }];
        let mut report = CheckReport::hindered(&profile, String::new());
        report.problem = None;
        let record = Record {
            host: String::new(),
            port: 80,
            address: None,
            what: What::Gateway {
                name: "one".into(),
                method: "GET".into(),
                path: "/v1/models".into(),
            },
            status,
            outcome,
            took: Duration::ZERO,
        };
        answered(&mut report, &[open("")], &[record]);
        (
            report.gateways.remove(0).answer,
            report.problem.map(|problem| problem.text),
        )
    }

    #[test]
    fn models_are_listed_below_the_address_that_the_agent_is_told() {
        let listed = ["", "/", "/v1", "/openai/v1/"].map(|path| models(&open(path)));
        assert_eq!(listed, ["/v1/models", "/v1/models", "/v1/models", "/openai/v1/models"]);
    }

    #[test]
    fn a_server_that_answers_is_no_problem_unless_it_refuses_the_secret() {
        let done = || Outcome::Done { sent: 0, received: 9 };
        let (answer, problem) = said(Some(200), done());
        assert_eq!(answer.as_deref(), Some("it was asked once, and takes it (status 200)"));
        assert_eq!(problem, None);
        let (answer, problem) = said(Some(404), done());
        assert_eq!(
            (answer.as_deref(), problem),
            (Some("it was asked once, and answers (status 404)"), None)
        );
        let (_, problem) = said(Some(401), done());
        let refused = "https://api.example.org does not take the secret from the file /keys/one (status 401)";
        assert_eq!(problem.as_deref(), Some(refused));
        let why = Failure::NotResolved;
        let (answer, problem) = said(
            None,
            Outcome::Failed {
                why,
                sent: 0,
                received: 0,
            },
        );
        let unreachable = "https://api.example.org was asked, and did not answer: the name cannot be resolved";
        assert_eq!((answer, problem.as_deref()), (None, Some(unreachable)));
    }
}
