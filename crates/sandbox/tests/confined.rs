//! What a program in a sandbox sees and can do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod scene;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use scene::{DEADLINE, confinement, launcher, ordinary_launcher, run, shell};
use team6_sandbox::reach::{Confinement, Identity, Mount};
use team6_sandbox::{Exit, SpawnError, TreeMark, identity};
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn a_program_works_in_its_workspace_as_a_user_of_its_own() {
    for how in ["as it is", "as an ordinary user"] {
        let place = tempfile::tempdir().unwrap();
        let mut confinement = confinement(place.path());
        let launcher = match how {
            "as it is" => launcher(),
            _ if !rustix::process::geteuid().is_root() => continue,
            _ => {
                confinement.identity = Identity::Engine;
                ordinary_launcher(place.path())
            }
        };
        let script =
            "id -un; hostname; pwd; cat folder/file; echo changed >> folder/file; cat folder/file; echo new > new
                      chmod 700 new; stat -c %U:%G:%a new folder/file; ls ~; touch ~/kept; rm -r folder; ls";
        let (said, ended) = run(&launcher, "works", confinement, script).await;
        assert_eq!(ended.exit, Exit::Code(0), "{how}: {said}");
        let expected = "agent sandbox /ws from below from below changed agent:agent:700 agent:agent:644 tmp new";
        assert_eq!(said.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{how}");
        let below = fs::read_to_string(place.path().join("lower/folder/file")).unwrap();
        assert_eq!(below, "from below\n", "{how}: what is below stays");
        assert!(place.path().join("home/kept").exists(), "{how}");
    }
}

#[tokio::test]
async fn folders_of_a_lower_layer_can_be_renamed_where_the_engine_is_root() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not shown here: only root's overlays rename folders");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let script = "perl -e 'rename(\"folder\", \"renamed\") or die $!'; cat renamed/file";
    let (said, _) = run(&launcher(), "rename", confinement(place.path()), script).await;
    assert_eq!(said, "from below\n");
}

#[tokio::test]
async fn nothing_of_the_machine_is_seen_but_what_is_listed() {
    let place = tempfile::tempdir().unwrap();
    let secret = place.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let script = format!(
        "cat {} || true; ls -d /root /home/* /boot /sys /srv /var/lib 2>/dev/null || true; ls / | tr '\n' ' '
         echo; ls /proc | grep '^[0-9]' | wc -l; cat /proc/1/environ 2>&1 || true
         ip addr 2>/dev/null || ls /proc/sys/net/ipv4/conf | tr '\n' ' '; echo x > /usr/x || true; echo x > /x || true",
        secret.display()
    );
    let (said, _) = run(&launcher(), "seen", confinement(place.path()), &script).await;
    assert!(said.contains("No such file") && !said.contains("secret\n"), "{said}");
    assert!(!said.contains("/root") && said.contains("/home/agent"), "{said}");
    assert!(said.contains("Permission denied"), "{said}");
    assert!(
        said.contains("/usr/x: Read-only") || said.contains("/usr/x: Permission"),
        "{said}"
    );
}

/// While a sandbox is laid out, the machine's own root and root's rights are still there.
#[tokio::test]
async fn what_an_agent_left_behind_leads_no_mount_out_of_its_sandbox() {
    let place = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let home = place.path().join("home");
    let view = |places: [&str; 3]| {
        let mut confinement = confinement(place.path());
        fs::create_dir_all(place.path().join("shown")).unwrap();
        let [text, link, shown] = places.map(std::path::PathBuf::from);
        confinement.view.extend([
            Mount::Text {
                at: text,
                text: "ours\n".into(),
            },
            Mount::Link {
                at: link,
                to: "/etc/passwd".into(),
            },
            Mount::ReadOnly {
                from: place.path().join("shown"),
                at: shown,
            },
        ]);
        confinement
    };
    // Its own links for ours: what we put there replaces them.
    view(["/x"; 3]);
    for name in ["text", "link"] {
        std::os::unix::fs::symlink(outside.path().join(name), home.join(name)).unwrap();
    }
    let own = view(["/home/agent/text", "/home/agent/link", "/home/agent/made/shown"]);
    let (said, _) = run(
        &launcher(),
        "left",
        own,
        "cat ~/text; readlink ~/link; ls -d ~/made/shown",
    )
    .await;
    assert_eq!(said, "ours\n/etc/passwd\n/home/agent/made/shown\n");

    // Folders that have become links out: their targets are looked for within the sandbox.
    std::os::unix::fs::symlink(outside.path(), home.join("folder")).unwrap();
    for places in [
        ["folder/text", "link", "shown"],
        ["text", "folder/link", "shown"],
        ["text", "link", "folder/shown"],
    ] {
        let places = places.map(|place| format!("/home/agent/{place}"));
        let mark = TreeMark::new(format!("left-{}", std::process::id()), "s1-a1").unwrap();
        let spec = shell(view([&places[0], &places[1], &places[2]]), "true");
        let refused = launcher().spawn(spec, &mark).await.unwrap_err().to_string();
        assert!(refused.contains("failed to lay out /home/agent/folder/"), "{refused}");
    }
    assert_eq!(
        fs::read_dir(outside.path()).unwrap().count(),
        0,
        "nothing was made outside"
    );
}

#[tokio::test]
async fn a_program_that_is_asked_to_end_can_do_so() {
    let place = tempfile::tempdir().unwrap();
    let mark = TreeMark::new(format!("asked-{}", std::process::id()), "s1-a1").unwrap();
    let spec = shell(
        confinement(place.path()),
        "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done",
    );
    let mut tree = launcher().spawn(spec, &mark).await.unwrap();
    tree.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).await.unwrap();
    let ended = tree.end(Duration::from_secs(2)).await;
    assert_eq!((ended.exit, ended.how), (Exit::Code(3), team6_sandbox::How::Terminated));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_from_a_sandbox_that_cannot_be_made() {
    let place = tempfile::tempdir().unwrap();
    let mark = TreeMark::new(format!("absent-{}", std::process::id()), "s1-a1").unwrap();
    let mut spec = shell(confinement(place.path()), "");
    spec.program = "no-such-program".into();
    let absent = launcher().spawn(spec, &mark).await.unwrap_err();
    assert!(matches!(absent, SpawnError::NotFound { .. }), "{absent}");

    let mut broken = confinement(place.path());
    broken.view.push(Mount::ReadOnly {
        from: place.path().join("absent"),
        at: "/absent".into(),
    });
    let broken = launcher()
        .spawn(shell(broken, "true"), &mark)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        broken.contains("failed to show") && broken.contains("absent"),
        "{broken}"
    );
    assert!(broken.contains("No such file"), "{broken}");
}

#[tokio::test]
async fn what_a_program_leaves_behind_ends_with_it() {
    let place = tempfile::tempdir().unwrap();
    let script = "for i in 1 2 3; do setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1000; done' </dev/null >/dev/null 2>&1 & done
                  kill -STOP $!; echo $HOME";
    let (_, ended) = run(&launcher(), "daemons", confinement(place.path()), script).await;
    assert_eq!((ended.exit, ended.left), (Exit::Code(0), 0));
    assert!(ended.survivors_killed >= 3, "{ended:?}");
    // The sandbox that was made ahead may still be ending with its launcher.
    let tree = TreeMark::new(format!("daemons-{}", std::process::id()), "s1-a1").unwrap();
    assert_eq!(team6_sandbox::sweep_tree(&tree).ended, 0, "nothing was left to sweep");
}

#[tokio::test]
async fn a_fork_bomb_meets_its_limit_and_is_ended() {
    let place = tempfile::tempdir().unwrap();
    let mut confinement = confinement(place.path());
    confinement.limits.processes = Some(60);
    let script = "perl -e 'while (1) { defined fork or select undef, undef, undef, 0.01 }'";
    let mark = TreeMark::new(format!("bomb-{}", std::process::id()), "s1-a1").unwrap();
    let tree = launcher().spawn(shell(confinement, script), &mark).await.unwrap();
    let at_its_limit = async {
        loop {
            let used = tree.usage().await.processes;
            if used >= 55 {
                return used;
            }
        }
    };
    let used = tokio::time::timeout(DEADLINE, at_its_limit).await.unwrap();
    // The gate, init and the program's own are beside those that the limit counts.
    assert!(used <= 70, "{used}");
    let ended = tree.end(Duration::ZERO).await;
    assert_eq!(ended.left, 0, "{ended:?}");
}

#[tokio::test]
async fn a_tree_that_had_all_the_processes_that_it_may_have_is_known_to_have_had_them() {
    let place = tempfile::tempdir().unwrap();
    for (script, expected) in [
        // They stay for longer than it takes until somebody looks.
        (
            "for (1..100) { my $child = fork; sleep 1000 if defined $child && !$child } sleep 2",
            Some(60),
        ),
        ("fork for 1..4; sleep 1", None),
    ] {
        let mut confinement = confinement(place.path());
        confinement.limits.processes = Some(60);
        let script = format!("perl -e '{script}'");
        let (said, ended) = run(&launcher(), "crowded", confinement, &script).await;
        assert_eq!(ended.crowded, expected, "{said} {ended:?}");
    }
}

#[tokio::test]
async fn too_much_memory_ends_a_tree_and_is_named() {
    let place = tempfile::tempdir().unwrap();
    let mut confinement = confinement(place.path());
    confinement.limits.memory = Some(100_000_000);
    let script = "perl -e '$| = 1; my $x = \"x\" x 300_000_000; print \"held\\n\"; sleep 1000'";
    let (_, ended) = run(&launcher(), "memory", confinement, script).await;
    let exceeded = ended.exceeded.expect("a limit").to_string();
    assert!(exceeded.contains("of memory, and may use 100 MB"), "{exceeded}");
}

#[tokio::test]
async fn filling_the_disk_ends_a_tree_and_is_named() {
    let place = tempfile::tempdir().unwrap();
    let mut confinement = confinement(place.path());
    confinement.limits.disk = Some(50_000_000);
    confinement.limits.file_size = Some(20_000_000);
    let script = "i=0; while :; do i=$((i+1)); head -c 10000000 /dev/zero > big-$i; chmod 0 big-$i; sleep 0.05; done";
    let (_, ended) = run(&launcher(), "disk", confinement, script).await;
    let exceeded = ended.exceeded.expect("a limit").to_string();
    assert!(exceeded.contains("of disk, and may use 50 MB"), "{exceeded}");
    let mut confinement = scene::confinement(place.path());
    confinement.limits.file_size = Some(1_000_000);
    let script = "head -c 2000000 /dev/zero > one; stat -c %s one";
    let (said, _) = run(&launcher(), "file", confinement, script).await;
    assert!(said.contains("File size limit exceeded"), "{said}");
}

#[tokio::test]
async fn a_sandbox_ends_with_its_supervisor() {
    let place = tempfile::tempdir().unwrap();
    let mark = TreeMark::new(format!("orphan-{}", std::process::id()), "s1-a1").unwrap();
    let script = "setsid sleep 1000 & echo started; wait";
    let mut tree = launcher()
        .spawn(shell(confinement(place.path()), script), &mark)
        .await
        .unwrap();
    let mut stdout = tree.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 8]).await.unwrap();
    let supervisor = i32::try_from(tree.supervisor_pid().unwrap()).unwrap();
    kill_process(Pid::from_raw(supervisor).unwrap(), Signal::KILL).unwrap();
    // The pipe ends when the last process that holds it has ended.
    let ended = tokio::time::timeout(DEADLINE, stdout.read_to_end(&mut Vec::new())).await;
    ended.expect("an end in time").unwrap();
    assert_eq!(tree.end(Duration::ZERO).await.left, 0);
}

#[tokio::test]
async fn the_next_sandbox_is_made_ahead_and_ends_with_its_launcher() {
    let place = tempfile::tempdir().unwrap();
    let launcher = launcher();
    let (name, mark) = (format!("ahead-{}", std::process::id()), "s1-a1");
    run(&launcher, "ahead", confinement(place.path()), "true").await;
    let ahead = tokio::time::timeout(DEADLINE, async {
        loop {
            match marked(&format!("{name}/ready")).first() {
                Some(supervisor) => return *supervisor,
                // The process table tells of nothing by itself.
                None => tokio::task::yield_now().await,
            }
        }
    });
    let ahead = ahead.await.expect("a supervisor made ahead");
    let spec = shell(confinement(place.path()), "echo runs; exec sleep 1000");
    let mark = TreeMark::new(&name, mark).unwrap();
    let mut tree = launcher.spawn(spec, &mark).await.unwrap();
    assert_eq!(
        tree.supervisor_pid(),
        u32::try_from(ahead).ok(),
        "it is the one that starts the program"
    );
    tree.stdout.take().unwrap().read_exact(&mut [0; 5]).await.unwrap();
    tree.end(Duration::ZERO).await;
    drop(launcher);
    let gone = tokio::time::timeout(DEADLINE, async {
        while !marked(&format!("{name}/ready")).is_empty() {
            tokio::task::yield_now().await;
        }
    });
    gone.await.expect("nothing waits for a launcher that is gone");
}

#[tokio::test]
async fn places_that_were_made_in_a_home_are_there_for_the_next_user_of_it() {
    let place = tempfile::tempdir().unwrap();
    let (home, tool) = (place.path().join("home"), place.path().join("tool"));
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(tool.join("folder")).unwrap();
    fs::write(tool.join("file"), "there\n").unwrap();
    // What is shown below what can be written gets a place there, which stays.
    let shown = |user: u16, name: &str| {
        let mut confinement = confinement(place.path());
        confinement.identity = identity(user);
        confinement.view.push(Mount::System {
            from: tool.join(name),
            at: format!("/home/agent/deep/{name}").into(),
        });
        confinement
    };
    let launcher = launcher();
    run(&launcher, "places", shown(7, "folder"), "true").await;
    let script = "cat deep/file; touch deep/mine; rmdir deep/folder; rm deep/mine; stat -c %U deep";
    let script = format!("cd; {script}");
    let (said, ended) = run(&launcher, "places", shown(8, "file"), &script).await;
    assert_eq!((said.as_str(), ended.exit), ("there\nagent\n", Exit::Code(0)));
    assert_eq!(
        fs::metadata(home.join("deep")).unwrap().uid(),
        fs::metadata(&home).unwrap().uid(),
        "on the disk it is the engine's as all else"
    );
}

/// A sandbox that shows a folder of the machine at `/opt/tool`.
fn with_tool(place: &std::path::Path) -> Confinement {
    let mut confinement = confinement(place);
    let tool = Mount::System {
        from: place.join("tool"),
        at: "/opt/tool".into(),
    };
    confinement.view.insert(0, tool);
    confinement
}

/// Waits until a sandbox is made ahead in which the folder of this place is shown, and gives its processes.
async fn shown_ahead(place: &std::path::Path) -> Vec<i32> {
    // As the file system that it lies on names it, wherever that is mounted.
    let tool = format!("{}/tool ", place.file_name().unwrap().to_str().unwrap());
    let shown = |pid: &i32| {
        let mounts = fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
        mounts
            .lines()
            .any(|mount| mount.contains("/opt/tool ") && mount.contains(&*tool))
    };
    let ahead = tokio::time::timeout(DEADLINE, async {
        loop {
            let all = fs::read_dir("/proc").unwrap().flatten();
            let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            let found: Vec<i32> = numbers.filter(shown).collect();
            if !found.is_empty() {
                return found;
            }
            tokio::task::yield_now().await;
        }
    });
    ahead.await.expect("a sandbox made ahead")
}

#[tokio::test]
async fn what_the_machine_has_is_shown_as_it_is_and_not_as_it_was_when_the_sandbox_was_made_ahead() {
    let place = tempfile::tempdir().unwrap();
    let tool = place.path().join("tool");
    fs::create_dir(&tool).unwrap();
    fs::write(tool.join("version"), "old\n").unwrap();
    let launcher = launcher();
    let (said, _) = run(&launcher, "changed", with_tool(place.path()), "cat /opt/tool/version").await;
    assert_eq!(said, "old\n");
    shown_ahead(place.path()).await;
    fs::rename(&tool, place.path().join("before")).unwrap();
    fs::create_dir(&tool).unwrap();
    fs::write(tool.join("version"), "new\n").unwrap();
    let (said, _) = run(&launcher, "changed", with_tool(place.path()), "cat /opt/tool/version").await;
    assert_eq!(said, "new\n");
    shown_ahead(place.path()).await;
    fs::remove_dir_all(&tool).unwrap();
    let (said, _) = run(&launcher, "changed", with_tool(place.path()), "ls /opt/tool").await;
    assert!(said.contains("No such file"), "{said}");
}

#[tokio::test]
async fn a_sandbox_that_broke_while_it_waited_is_made_anew() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("tool")).unwrap();
    let launcher = launcher();
    run(&launcher, "broken", with_tool(place.path()), "true").await;
    for ended in shown_ahead(place.path()).await {
        let _ = kill_process(Pid::from_raw(ended).unwrap(), Signal::KILL);
    }
    let (said, ended) = run(&launcher, "broken", with_tool(place.path()), "echo runs").await;
    assert_eq!((said.as_str(), ended.exit), ("runs\n", Exit::Code(0)));
}

#[tokio::test]
async fn nothing_is_seen_that_was_foreseen_for_another_program() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("tool")).unwrap();
    let launcher = launcher();
    run(&launcher, "foreseen", with_tool(place.path()), "ls /opt/tool").await;
    shown_ahead(place.path()).await;
    let (said, ended) = run(&launcher, "foreseen", confinement(place.path()), "ls /opt").await;
    assert!(ended.exit != Exit::Code(0) && said.contains("No such file"), "{said}");
}

/// The processes that began with this mark.
fn marked(mark: &str) -> Vec<i32> {
    let wanted = format!("{}={mark}", team6_sandbox::MARK_VARIABLE);
    let all = fs::read_dir("/proc").unwrap().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let has = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == wanted.as_bytes())
    };
    let mut found: Vec<i32> = numbers.filter(has).collect();
    found.sort_unstable();
    found
}
