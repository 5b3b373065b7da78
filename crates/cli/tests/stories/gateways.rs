//! Agents that ask their model through a gateway, whose key they do not have.

use team6_testkit::scripted_model::{Scenario, ScriptedModel};
use tokio::runtime::Runtime;

use crate::shop::{DONE, Shop, submit};

const SECRET: &str = "the-real-key-of-ada";
/// Where the server has it.
const VARIABLE: &str = "TEAM6_TEST_MODEL_KEY";
const ASK: &str = r#"{ run = { command = "bash SIGNALS/ask.sh" } }"#;
const COMMIT: &str = r#"{ commit = { message = "Write down what came" } }"#;

/// Asks the model as a program that knows no proxy, and writes down what came, what all processes are told, and whether the
/// model is there without the gateway.
const PROGRAM: &str = r#"
place=${MODELS_URL#http://}
path=/${place#*/}
place=${place%%/*}
exec 3<>"/dev/tcp/${place%:*}/${place#*:}" || exit 1
printf 'GET %s/models HTTP/1.1\r\nhost: %s\r\nauthorization: Bearer %s\r\nconnection: close\r\n\r\n' \
    "$path" "$place" "$MODEL_KEY" >&3
cat <&3 > answer.txt
cat /proc/self/environ "/proc/$PPID/environ" | tr '\0' '\n' > environment.txt
grep -rls 'the-real[-]key' /proc/[0-9]*/environ . "$HOME" "$TMPDIR" > found.txt
(exec 4<>/dev/tcp/127.0.0.1/PORT) 2>/dev/null && echo reached > past.txt || echo closed > past.txt
"#;

/// A shop whose agents, also the one that plans, are the scripted one with a gateway to a model.
struct Gated {
    shop: Shop,
    model: ScriptedModel,
    runtime: Runtime,
}

impl Gated {
    fn at_work(sandbox: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let model = runtime.block_on(ScriptedModel::start(Scenario::new())).unwrap();
        let mut place = Shop::place("");
        let config = std::fs::read_to_string(place.path().join("team6.toml")).unwrap();
        place.file("team6.toml", &format!("sandbox = \"{sandbox}\"\n{config}"));
        place.env.push((VARIABLE.into(), SECRET.into()));
        let port = model.url().rsplit_once(':').unwrap().1.to_owned();
        place.file("signals/ask.sh", &PROGRAM.replace("PORT", &port));
        let profile = format!(
            "+++\nextends = \"scripted\"\n[[gateways]]\nupstream = \"{}\"\nsecret = \"${VARIABLE}\"\nheader = \"authorization\"\n\
             variable = \"MODELS_URL\"\npath = \"/v1\"\n[env]\nMODEL_KEY = \"${VARIABLE}\"\n+++\n",
            model.url()
        );
        let submit = submit(&["A note"]);
        let scripts: [(&str, &[&str]); 2] = [
            (r"task \d+: A note", &[ASK, COMMIT, DONE]),
            ("Plan a sprint for this goal", &[ASK, &submit]),
        ];
        let shop = Shop::in_place(place, &scripts, &[("scripted", &profile)]);
        Self { shop, model, runtime }
    }

    /// From the goal to the merge.
    fn carried_out(&self) {
        self.shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
        self.shop.waits_for_a_person();
        self.shop.approved(1);
        self.shop.waits_for_a_person();
        self.shop.merges("1");
        self.shop.place.ok(&["sprint", "watch", "1", "--until", "done"]);
    }

    /// The credentials with which the model was asked.
    fn keys(&self) -> Vec<Option<String>> {
        self.model
            .requests()
            .iter()
            .map(|request| request.key.clone())
            .collect()
    }

    fn end(self) {
        assert!(self.shop.server.stop());
        self.runtime.block_on(self.model.stop());
    }
}

#[test]
fn the_key_of_a_gateway_reaches_the_model_and_nothing_in_the_sandbox() {
    let gated = Gated::at_work("on");
    let shop = &gated.shop;
    let check = shop.place.ok(&["agent", "check", "scripted"]);
    let line = format!(
        "account      a gateway to {} at MODELS_URL: its secret is set by ${VARIABLE}, and kept outside of the sandbox; it was asked \
         once, and takes it (status 200)",
        gated.model.url()
    );
    assert!(check.contains(&line), "{check}");
    gated.carried_out();
    // The model's own word: once for the check, once while the sprint was planned, once for the task.
    let sent = Some(format!("Bearer {SECRET}"));
    assert_eq!(gated.keys(), [sent.clone(), sent.clone(), sent]);
    let answer = shop.merged("answer.txt");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("scripted"),
        "{answer}"
    );
    let environment = shop.merged("environment.txt");
    assert!(
        environment.contains("MODEL_KEY=kept-outside-the-sandbox\n"),
        "{environment}"
    );
    assert!(
        environment.contains("MODELS_URL=http://127.0.0.1:3129/v1\n"),
        "{environment}"
    );
    assert!(!environment.contains(SECRET), "{environment}");
    assert_eq!(shop.merged("found.txt"), "");
    assert_eq!(
        shop.merged("past.txt"),
        "closed",
        "the model is there by the gateway only"
    );
    let name = gated.model.url().replace("http://", "").replace(['.', ':'], "-");
    for log in [["sprint", "log", "1"], ["task", "log", "1"]] {
        let log = shop.place.ok(&log);
        assert!(
            log.contains(&format!("network: the gateway {name}: GET /v1/models, status 200, ")),
            "{log}"
        );
    }
    // Events, traces, workspaces, homes, the server's own log.
    assert_eq!(shop.place.files_with(SECRET), [""; 0]);
    let listed = shop.place.ok(&["agent", "list", "--json"]);
    assert!(
        listed.contains(&format!("${VARIABLE}")) && !listed.contains(SECRET),
        "{listed}"
    );
    gated.end();
}

#[test]
fn without_a_sandbox_an_agent_has_the_key_of_its_gateway() {
    let gated = Gated::at_work("off");
    let shop = &gated.shop;
    let check = shop.place.ok(&["agent", "check", "scripted"]);
    let line = format!("its secret is set by ${VARIABLE}, and the agent has it, since there is no sandbox");
    assert!(check.contains(&line) && !check.contains(SECRET), "{check}");
    gated.carried_out();
    let environment = shop.merged("environment.txt");
    assert!(environment.contains(&format!("MODEL_KEY={SECRET}\n")), "{environment}");
    let url = format!("MODELS_URL={}/v1\n", gated.model.url());
    assert!(environment.contains(&url), "{environment}");
    // So that it is known to be found where it is.
    assert!(shop.merged("found.txt").contains("/environ"));
    assert_eq!(gated.keys().len(), 2);
    for log in [["sprint", "log", "1"], ["task", "log", "1"]] {
        let log = shop.place.ok(&log);
        assert!(!log.contains(SECRET), "{log}");
    }
    gated.end();
}
