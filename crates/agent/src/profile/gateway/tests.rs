use team6_core::ids::AgentId;

use super::*;
use crate::profile::{AgentProfile, BuiltIns, CommandLine, Environment, STAND_IN, Way, read as file};

fn built_ins() -> BuiltIns {
    BuiltIns::new(CommandLine {
        program: "/opt/team6".into(),
        args: Vec::new(),
    })
}

fn profile(front: &str) -> Result<AgentProfile, String> {
    let id = AgentId::new("backend").unwrap();
    file::profile(&id, &format!("+++\n{front}\n+++\n"), &built_ins())
        .map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

const CLAUDE: &str = r#"
extends = "claude-code"
[[gateways]]
upstream = "https://api.anthropic.com"
secret = "$ANTHROPIC_API_KEY?"
header = "x-api-key"
variable = "ANTHROPIC_BASE_URL"
"#;

fn operator(name: &str) -> Option<String> {
    match name {
        "ANTHROPIC_API_KEY" => Some("sk-real-key".into()),
        "OPENAI_API_KEY" => Some("sk-other-key".into()),
        "ANTHROPIC_BASE_URL" => Some("https://elsewhere.example.org".into()),
        "EMPTY" => Some(String::new()),
        "TWO_LINES" => Some("one\ntwo".into()),
        _ => None,
    }
}

fn environment(front: &str, way: Way) -> Environment {
    profile(front).unwrap().environment(way, operator).unwrap()
}

#[test]
fn a_gateway_is_read_as_it_is_written() {
    let made = profile(
        "command = \"x\"\n[[gateways]]\nupstream = \"https://api.openai.com\"\nsecret = { file = \"/run/key\" }\n\
         header = \"authorization\"\nscheme = \"Token\"\nvariable = \"OPENAI_BASE_URL\"\npath = \"/v1\"\n",
    );
    let expected = Gateway {
        upstream: "https://api.openai.com".into(),
        secret: SecretReference::File("/run/key".into()),
        header: "authorization".into(),
        scheme: Some("Token".into()),
        variable: "OPENAI_BASE_URL".into(),
        path: "/v1".into(),
    };
    assert_eq!(made.unwrap().gateways, [expected]);
}

#[test]
fn everything_that_is_wrong_with_gateways_is_said_with_its_line() {
    let problems = profile(
        r#"command = "x"
[[gateways]]
upstream = "https://ada:hunter2@api.example.org"
secret = "sk-hunter2"
header = "host"
variable = "2X"
scheme = "Two words"
path = "v1?key=hunter2"
[[gateways]]
upstrem = "https://api.example.org"
secret = { path = "/run/key" }
header = "two words"
variable = "A_URL"
[[gateways]]
upstream = "https://127.1"
secret = "$HOME/hunter2"
header = "x-api-key"
variable = "A_URL"
[[gateways]]
upstream = 7
secret = 7
header = "proxy-authorization"
variable = 7
scheme = ""
path = """#,
    );
    let problems = problems.unwrap_err();
    assert!(!problems.contains("hunter2"), "{problems}");
    insta::assert_snapshot!(problems, @r#"
    line 4: gateway.upstream must be http:// or https:// with a host, and have no user, query or fragment
    line 5: gateway.secret must say where the secret is found, since a file that people share is no place for it: write "$NAME" for a variable of the engine's environment, "$NAME?" where it may be missing, or { file = "…" }
    line 6: gateway.header "host" is not one for a credential; use one such as authorization or x-api-key
    line 7: gateway.variable "2X" is no name of a variable
    line 8: gateway.scheme must be one word such as "Bearer", or "" for none
    line 9: gateway.path must begin with / and have no query, such as "/v1"
    line 10: gateway needs "upstream"
    line 11: gateway field "upstrem" is not known; did you mean "upstream"?
    line 12: the secret field "path" is not known; use file
    line 12: the secret needs "file"
    line 13: gateway.header "two words" is not one for a credential; use one such as authorization or x-api-key
    line 16: gateway.upstream: "127.1" is an unusual spelling of an address: write four decimal numbers such as 203.0.113.7
    line 17: gateway.secret must say where the secret is found, since a file that people share is no place for it: write "$NAME" for a variable of the engine's environment, "$NAME?" where it may be missing, or { file = "…" }
    line 19: gateway.variable A_URL is that of another gateway already; a variable leads to one
    line 21: gateway.upstream must be text in quotes
    line 22: gateway.secret must say where the secret is found, since a file that people share is no place for it: write "$NAME" for a variable of the engine's environment, "$NAME?" where it may be missing, or { file = "…" }
    line 23: gateway.header "proxy-authorization" is not one for a credential; use one such as authorization or x-api-key
    line 24: gateway.variable must be text in quotes
    "#);
}

#[test]
fn one_gateway_without_its_list_is_told_how_to_begin() {
    let problems = profile("command = \"x\"\n[gateways]\nupstream = \"https://api.example.org\"\n").unwrap_err();
    insta::assert_snapshot!(problems, @"line 3: profile.gateways is a list: begin each gateway with a line [[gateways]]");
}

#[test]
fn gateways_are_inherited_and_own_ones_replace_them() {
    let mut base = profile(CLAUDE).unwrap();
    base.id = AgentId::new("gated").unwrap();
    let built_ins = built_ins().and(base.clone());
    let own = |more: &str| {
        let id = AgentId::new("mine").unwrap();
        let made = file::profile(&id, &format!("+++\nextends = \"gated\"\n{more}+++\n"), &built_ins).unwrap();
        let written = made.to_file(&built_ins);
        assert_eq!(
            file::profile(&id, &written, &built_ins).as_ref(),
            Ok(&made),
            "{written}"
        );
        made.gateways
    };
    assert_eq!(own(""), base.gateways);
    assert_eq!(own("gateways = []\n"), []);
    let other = own(
        "[[gateways]]\nupstream = \"http://127.0.0.1:9\"\nsecret = \"$OTHER\"\nheader = \"x-token\"\nvariable = \"A_URL\"\n",
    );
    assert_eq!((other.len(), other[0].variable.as_str()), (1, "A_URL"));
}

#[test]
fn variables_that_hold_the_secret_of_a_gateway_hold_a_stand_in() {
    let made = environment(
        &format!("{CLAUDE}[env]\nSAME_KEY = \"$ANTHROPIC_API_KEY\"\nOTHER_KEY = \"$OPENAI_API_KEY\"\n"),
        Way::Proxy,
    );
    assert_eq!(made.variables["ANTHROPIC_API_KEY"], STAND_IN);
    assert_eq!(made.variables["SAME_KEY"], STAND_IN);
    assert_eq!(made.variables["OTHER_KEY"], "sk-other-key");
    // What the operator has set leads past the gateway.
    assert!(!made.variables.contains_key("ANTHROPIC_BASE_URL"));
    assert!(made.secrets.contains(&"sk-real-key".to_owned()));
    assert!(!format!("{made:?}").contains("sk-real-key"), "{made:?}");
    let mut made = made;
    made.reach(["http://127.0.0.1:3129".to_owned()]);
    assert_eq!(made.variables["ANTHROPIC_BASE_URL"], "http://127.0.0.1:3129");
}

#[test]
fn the_same_secret_from_another_place_is_kept_out_too() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "sk-real-key\n").unwrap();
    let made = environment(
        &format!("{CLAUDE}[env]\nCOPY_KEY = {{ file = {:?} }}\n", file.path()),
        Way::Proxy,
    );
    assert_eq!(made.variables["COPY_KEY"], STAND_IN);
    assert!(!made.variables.values().any(|value| value.contains("sk-real-key")));
}

#[test]
fn without_a_proxy_the_program_has_the_secret_and_asks_the_upstream() {
    let made = environment(&CLAUDE.replace(".com\"", ".com/\"\npath = \"/v1\""), Way::Open);
    assert_eq!(made.variables["ANTHROPIC_API_KEY"], "sk-real-key");
    assert_eq!(made.variables["ANTHROPIC_BASE_URL"], "https://api.anthropic.com/v1");
    assert!(made.secrets.contains(&"sk-real-key".to_owned()) && made.gateways.is_empty());
}

#[test]
fn a_gateway_whose_secret_may_be_missing_and_is_changes_nothing() {
    for name in ["NOT_SET", "EMPTY"] {
        for way in [Way::Proxy, Way::Open] {
            let front = CLAUDE.replace("$ANTHROPIC_API_KEY?", &format!("${name}?"));
            let made = environment(&front, way);
            assert_eq!(made.gateways, []);
            assert_eq!(made.variables["ANTHROPIC_API_KEY"], "sk-real-key");
            assert_eq!(made.variables["ANTHROPIC_BASE_URL"], "https://elsewhere.example.org");
        }
    }
}

#[test]
fn secrets_that_are_not_there_or_cannot_be_sent_are_named_all_at_once() {
    let gateway = |n: usize, secret: &str| {
        format!(
            "[[gateways]]\nupstream = \"https://{n}.example.org\"\nsecret = {secret}\nheader = \"authorization\"\n\
             variable = \"URL_{n}\"\n"
        )
    };
    let secrets = [
        "\"$NOT_SET\"",
        "\"$EMPTY\"",
        "\"$TWO_LINES?\"",
        "{ file = \"/no/such/file\" }",
    ];
    let gateways: String = secrets
        .iter()
        .enumerate()
        .map(|(n, secret)| gateway(n, secret))
        .collect();
    let profile = profile(&format!("command = \"x\"\n{gateways}")).unwrap();
    let problems = profile.environment(Way::Proxy, operator).unwrap_err().to_string();
    insta::assert_snapshot!(problems, @r#"
    prepare the environment of agent backend:
      the secret of the gateway to https://0.example.org is taken from $NOT_SET, which is not set where the engine runs; set it there
      the secret of the gateway to https://1.example.org cannot be used: failed to read a credential: it has characters that no header can have, or is empty; see what it is set to
      the secret of the gateway to https://2.example.org cannot be used: failed to read a credential: it has characters that no header can have, or is empty; see what it is set to
      the secret of the gateway to https://3.example.org is taken from the file /no/such/file: No such file or directory (os error 2)
    "#);
    let without_proxy = profile.environment(Way::Open, operator).unwrap_err().to_string();
    assert_eq!(without_proxy, problems);
}

#[test]
fn gateways_to_one_host_are_told_apart() {
    let second = CLAUDE
        .lines()
        .skip(2)
        .collect::<Vec<_>>()
        .join("\n")
        .replace("_URL", "_URL_2");
    let made = environment(&format!("{CLAUDE}{second}"), Way::Proxy);
    let names: Vec<&str> = made.gateways.iter().map(|open| open.gateway.name()).collect();
    assert_eq!(names, ["api-anthropic-com", "api-anthropic-com-2"]);
    let named = |upstream: &str| {
        let mut gateway = profile(CLAUDE).unwrap().gateways.remove(0);
        gateway.upstream = upstream.into();
        gateway.open(&gateway.name(), "key").unwrap().gateway.name().to_owned()
    };
    assert_eq!(named("http://127.0.0.1:8080/v1"), "127-0-0-1-8080");
    assert_eq!(named("http://[::1]/"), "1");
    let long = format!("https://{}.example.org", "a".repeat(60));
    assert_eq!(named(&long), "a".repeat(40));
}

#[test]
fn a_variable_that_the_engine_sets_leads_to_no_gateway() {
    for name in ["https_proxy", "NO_PROXY", "npm_config_https_proxy", "PATH", "HOME"] {
        let problems = profile(&CLAUDE.replace("ANTHROPIC_BASE_URL", name)).unwrap_err();
        assert!(
            problems.contains(&format!("gateway.variable {name} is one that the engine sets")),
            "{problems}"
        );
    }
}
