//! What a machine is said to give, where it gives all, less, and nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod scene;

use std::fs;
use std::process::Command;

use scene::{NOBODY, confinement, give, install, launcher, run};
use team6_sandbox::Exit;
use team6_sandbox::probe::{Isolation, Overlay, Users, isolation};
use team6_sandbox::reach::Identity;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[tokio::test]
async fn what_is_found_is_what_can_be_had() {
    let place = tempfile::tempdir().unwrap();
    let found = isolation(&launcher(), place.path()).await;
    assert!(found.can_confine(), "{found:?}");
    assert!(found.missing.is_empty(), "{found:?}");
    assert_eq!(
        std::fs::read_dir(place.path()).unwrap().count(),
        0,
        "nothing is left of the trials"
    );
    let told: Isolation = serde_json::from_str(&serde_json::to_string(&found).unwrap()).unwrap();
    assert_eq!(told, found);

    // A sandbox as it is recommended works.
    let mut confinement = confinement(place.path());
    confinement.identity = found.users.unwrap().identity(3);
    let (said, ended) = run(&launcher(), "recommended", confinement, "cat folder/file").await;
    assert_eq!((said.as_str(), ended.exit), ("from below\n", Exit::Code(0)));
    if found.overlay == Overlay::WithFolderRenames {
        assert!(is_root() && found.users == Some(Users::Own));
    }
}

/// What is found on a machine that gives less, as an ordinary user if the tests are root's.
fn found_within(kind: &[&str], ordinary: bool, folder: &str) -> Isolation {
    let programs = tempfile::tempdir().unwrap();
    for (name, from) in [
        ("supervisor", env!("CARGO_BIN_EXE_team6-supervisor")),
        ("probe", env!("CARGO_BIN_EXE_team6-probe")),
    ] {
        install(from, &programs.path().join(name));
    }
    let [supervisor, probe] = ["supervisor", "probe"].map(|name| programs.path().join(name));
    let place = programs.path().join("place");
    fs::create_dir(&place).unwrap();
    for part in ["lower", "upper", "work", "merged"] {
        fs::create_dir(place.join(part)).unwrap();
    }
    let mut command = Command::new(&probe);
    if ordinary && is_root() {
        give(programs.path(), NOBODY);
        command = Command::new("setpriv");
        command.args([
            &format!("--reuid={NOBODY}"),
            &format!("--regid={NOBODY}"),
            "--clear-groups",
        ]);
        command.arg(&probe);
    }
    command.arg("within").args(kind);
    if kind == ["overlay"] {
        command.arg(&place);
    }
    command
        .arg(&probe)
        .arg("isolation")
        .arg(supervisor)
        .arg(place.join(folder));
    let output = command.output().unwrap();
    assert_eq!(
        fs::read_dir(&place).unwrap().count(),
        4,
        "nothing is left of the trials"
    );
    let said = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn where_nobody_may_have_user_namespaces_it_is_said_how_to_allow_them() {
    let found = found_within(&["no-user-namespaces"], true, ".");
    assert!(!found.can_confine(), "{found:?}");
    let [missing] = &found.missing[..] else {
        panic!("one reason: {found:?}");
    };
    assert_eq!(missing.what, "user namespaces");
    let why = "user.max_user_namespaces is 0, so nobody may have any (failed to make a user namespace: ";
    assert!(missing.why.starts_with(why), "{missing:?}");
    assert!(
        missing
            .how_to_enable
            .starts_with("sudo sysctl -w user.max_user_namespaces=15000"),
        "{missing:?}"
    );
}

#[test]
fn where_processes_are_masked_it_is_said_how_to_unmask_them() {
    let found = found_within(&["masked-processes"], true, ".");
    let [missing] = &found.missing[..] else {
        panic!("one reason: {found:?}");
    };
    assert_eq!(missing.what, "a /proc for each sandbox");
    assert!(missing.how_to_enable.contains("systempaths=unconfined"), "{missing:?}");
}

#[test]
fn where_a_container_refuses_calls_it_is_said_how_to_allow_them() {
    let found = found_within(&["refused-calls"], true, ".");
    let [missing] = &found.missing[..] else {
        panic!("one reason: {found:?}");
    };
    assert_eq!(missing.what, "system calls for namespaces and mounts");
    assert!(missing.how_to_enable.contains("seccomp=unconfined"), "{missing:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let found = found_within(&["refused-calls"], true, "absent");
    let [missing] = &found.missing[..] else {
        panic!("one reason: {found:?}");
    };
    assert!(missing.why.contains("/absent: No such file"), "{missing:?}");
}

#[test]
fn root_is_itself_where_no_mount_can_show_other_owners() {
    if !is_root() {
        eprintln!("not shown here: only root gives sandboxes users of their own");
        return;
    }
    // An overlay, such as the files of a container.
    let found = found_within(&["overlay"], false, "merged");
    assert!(found.can_confine(), "{found:?}");
    assert_eq!(
        (found.users, found.id_mapped_mounts),
        (Some(Users::Engine), false),
        "{found:?}"
    );
    assert_eq!(found.overlay, Overlay::None, "{found:?}");
    assert_eq!(Users::Engine.identity(3), Identity::Engine);
    for better in ["a user of its own for each sandbox", "overlays", "a limit of processes"] {
        assert!(
            found.better.iter().any(|missing| missing.what == better),
            "{better}: {found:?}"
        );
    }
}

#[test]
fn an_ordinary_user_has_sandboxes_as_itself() {
    let found = found_within(&["nothing-less"], true, ".");
    assert_eq!(found.users, Some(Users::Engine), "{found:?}");
    assert_eq!(found.overlay, Overlay::WithoutFolderRenames, "{found:?}");
}
