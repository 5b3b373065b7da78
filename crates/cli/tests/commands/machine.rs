//! What commands say of this machine and its configuration, without a server.

use std::process::Command;

use crate::harness::Place;

/// A folder in which no agent is installed, whatever this machine has.
fn without_agents(more: &str) -> Place {
    let place = Place::new(more);
    for agent in ["claude-code", "codex", "gemini", "goose", "opencode"] {
        let text =
            format!("+++\nextends = \"{agent}\"\ncommand = \"not-installed-here\"\ninstall = \"get {agent}\"\n+++\n");
        place.file(&format!("agents/{agent}.md"), &text);
    }
    place
}

/// What is the same on every machine.
fn anywhere(place: &Place, text: &str) -> String {
    let here = place.path().canonicalize().unwrap();
    let text = text
        .replace(here.to_str().unwrap(), "HERE")
        .replace(place.path().to_str().unwrap(), "HERE");
    // What follows it, by its indentation, is about this machine too.
    let mut isolation = false;
    let lines = text
        .lines()
        .filter(|line| {
            let begins = line.split_whitespace().nth(1) == Some("isolation");
            isolation = begins || (isolation && line.starts_with(' '));
            begins || !isolation
        })
        .map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [state, "git", _, ..] => format!("{state:<5}git            VERSION"),
            [_, "isolation", ..] => "ISOLATION".to_owned(),
            [_, "disk", .., "at", place] => format!("DISK at {place}"),
            ["make", "space:", ..] => String::new(),
            _ => line.to_owned(),
        });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_doctor_says_what_is_there_and_what_to_do() {
    let place = without_agents("");
    let said = anywhere(&place, &place.ok(&["doctor"]));
    insta::assert_snapshot!(said, @"
    ok   git            VERSION
    ok   configuration  HERE/team6.toml
    ok   people         ada, lin
    ok   data folder    HERE/team6-data is made by the first `team6 up`
    DISK at HERE
    ISOLATION
    look agents         none is installed
                        claude-code: get claude-code
                        codex: get codex
                        gemini: get gemini
                        goose: get goose
                        opencode: get opencode
    ok   server         it does not run
                        `team6 up` starts it
    ");
    let server = place.up(&[]);
    let said = place.ok(&["doctor"]);
    assert!(said.contains("it answers"), "{said}");
    assert!(said.contains(&format!("in use by process {}", server.pid())), "{said}");
    let found = place.json(&["doctor"]);
    assert!(
        found
            .as_array()
            .unwrap()
            .iter()
            .all(|finding| finding["state"] != "bad"),
        "{found:#}"
    );
}

#[test]
fn an_address_that_other_machines_reach_is_warned_of() {
    let mut place = without_agents("");
    assert!(!place.ok(&["doctor"]).contains("server.listen"));
    for address in ["0.0.0.0:0", "[::ffff:0.0.0.0]:0"] {
        place.env = vec![("TEAM6_SERVER__LISTEN".into(), address.into())];
        let said = place.ok(&["doctor"]);
        let line = said.lines().find(|line| line.contains("address")).unwrap_or_default();
        assert!(
            line.starts_with("look") && line.contains("only the token keeps others out"),
            "{said}"
        );
        assert!(said.contains("Listen on 127.0.0.1"), "{said}");
    }
    place.env = vec![("TEAM6_SERVER__LISTEN".into(), "0.0.0.0:0".into())];
    let server = place.up(&[]);
    let log = place.log();
    assert!(
        log.contains("warning: server.listen is 0.0.0.0:0, so other machines reach the server"),
        "{log}"
    );
    assert!(log.contains("ssh -L"), "{log}");
    place.ok(&["project", "list"]);
    assert!(server.stop());
}

#[test]
fn a_data_folder_that_is_not_there_is_named_with_how_to_name_another() {
    let mut place = without_agents("");
    for command in [
        &["admin", "check"][..],
        &["admin", "rebuild"],
        &["admin", "backup", "elsewhere"],
    ] {
        let said = place.fails(1, command);
        let folder = place.path().join("team6-data");
        assert!(
            said.contains(&format!("there is no data folder at {}", folder.display())),
            "{said}"
        );
        assert!(
            said.contains("TEAM6_DATA=FOLDER") && said.contains("--config"),
            "{said}"
        );
    }
    let file = place.file("plain", "");
    place.env.push(("TEAM6_DATA".into(), file));
    let said = place.fails(1, &["admin", "check"]);
    assert!(said.contains("plain is no folder"), "{said}");
}

#[test]
fn the_doctor_fails_where_the_server_could_not_work() {
    let place = without_agents("");
    let config = std::fs::read_to_string(place.path().join("team6.toml")).unwrap();
    let config = config.replace("email =", "approves = false\nemail =");
    place.file("team6.toml", &config);
    let ran = place.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("nobody may approve plans") && ran.stdout.contains("set approves = true"),
        "{ran:?}"
    );
    place.file("team6.toml", "me = ");
    let ran = place.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("team6.toml") && ran.stdout.contains("`team6 config show` tells"),
        "{ran:?}"
    );
}

#[test]
fn a_data_folder_that_cannot_be_made_is_no_reason_to_do_without_sandboxes() {
    let mut place = without_agents("");
    place.env = vec![("TEAM6_DATA".into(), "/proc/team6-data".into())];
    let ran = place.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("/proc/team6-data cannot be made in /proc") && ran.stdout.contains("TEAM6_DATA=FOLDER"),
        "{ran:?}"
    );
    assert!(
        ran.stdout.contains("it is tried in the data folder") && !ran.stdout.contains("sandbox ="),
        "{ran:?}"
    );
}

#[test]
fn no_server_starts_with_a_git_that_is_too_old() {
    let mut place = without_agents("");
    // Another process writes it: one that this process has open for writing, and a fork of it, could not be started.
    let write = "mkdir old && printf '#!/bin/sh\necho git version 2.30.2\n' > old/git && chmod +x old/git";
    let written = Command::new("sh")
        .args(["-c", write])
        .current_dir(place.path())
        .status();
    assert!(written.unwrap().success());
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", place.path().join("old").display());
    place.env = vec![("PATH".into(), path)];
    for said in [place.fails(1, &["up"]), place.run(&["doctor"]).stdout] {
        assert!(said.contains("2.40 or newer, but this is 2.30.2; install it"), "{said}");
    }
    assert!(!place.path().join("team6-data").exists());
}

#[test]
fn the_configuration_is_shown_with_the_origin_of_each_value() {
    let mut place = Place::new("silence = \"2m\"\n");
    place.env.push(("TEAM6_LIMITS__LEASE".into(), "20s".into()));
    place.env.push(("TEAM6_SERVER__LISTEN".into(), "127.0.0.1:7070".into()));
    let shown = anywhere(&place, &place.ok(&["config", "show"]));
    let of = |key: &str| {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(key));
        line.unwrap_or_else(|| panic!("{key} is missing: {shown}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let told = [
        "file",
        "limits.lease",
        "limits.silence",
        "limits.attempts",
        "server.listen",
        "people.lin.name",
        "agents.planner",
        "agents.workspaces_mb",
    ]
    .map(of);
    insta::assert_snapshot!(told.join("\n"), @"
    file HERE/team6.toml
    limits.lease 20s environment variable TEAM6_LIMITS__LEASE
    limits.silence 2m HERE/team6.toml
    limits.attempts 5 built in
    server.listen 127.0.0.1:7070 environment variable TEAM6_SERVER__LISTEN
    people.lin.name Lin HERE/team6.toml
    agents.planner not set
    agents.workspaces_mb not set
    ");
    let all = place.json(&["config", "show"]);
    let unset = all["values"].as_array().unwrap().iter();
    let mut unset = unset.filter(|value| value["key"] == "agents.planner");
    assert_eq!(unset.next().unwrap()["value"], serde_json::Value::Null);
    let lease = all["values"]
        .as_array()
        .unwrap()
        .iter()
        .find(|value| value["key"] == "limits.lease")
        .unwrap();
    assert_eq!(lease["origin"], "environment variable TEAM6_LIMITS__LEASE");
    place.env.push(("TEAM6_LIMITS__LEESE".into(), "20s".into()));
    let said = place.fails(2, &["config", "show"]);
    assert!(
        said.contains("TEAM6_LIMITS__LEESE") && said.contains("limits.lease"),
        "{said}"
    );
}

#[test]
fn completions_are_there_for_every_shell() {
    let mut place = Place::new("");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = place.ok(&["completions", shell]);
        assert!(
            text.contains("sprint") && text.contains("completions"),
            "{shell}: {text}"
        );
    }
    place.env.push(("SHELL".into(), "/bin/bash".into()));
    assert_eq!(place.ok(&["completions"]), place.ok(&["completions", "bash"]));
    place.env.push(("SHELL".into(), String::new()));
    let said = place.fails(2, &["completions"]);
    assert!(said.contains("team6 completions bash"), "{said}");
}

#[test]
fn what_goes_into_a_pipe_has_no_colours_unless_they_are_asked_for() {
    let mut place = without_agents("");
    assert!(!place.ok(&["doctor"]).contains('\u{1b}'));
    assert!(place.ok(&["doctor", "--color", "always"]).contains('\u{1b}'));
    place.env.push(("NO_COLOR".into(), "1".into()));
    assert!(!place.ok(&["doctor"]).contains('\u{1b}'));
    assert!(place.ok(&["doctor", "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn a_scenario_that_cannot_be_played_is_refused_before_the_server_starts() {
    let place = without_agents("");
    let said = place.fails(1, &["up", "--scenario", "nowhere.toml"]);
    assert!(
        said.contains("nowhere.toml") && said.contains("--scenario names"),
        "{said}"
    );
}
