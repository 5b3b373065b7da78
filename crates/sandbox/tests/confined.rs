//! What a program in a sandbox sees and can do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use team6_sandbox::reach::{Confinement, Identity, Limits, Mount, Network};
use team6_sandbox::{Ended, Exit, Launcher, ProcessSpec, Reach, SpawnError, TreeMark, identity, system};
use tokio::io::AsyncReadExt;

const DEADLINE: Duration = Duration::from_secs(20);

fn launcher() -> Launcher {
    Launcher::new(env!("CARGO_BIN_EXE_team6-supervisor"), [""; 0])
}

/// A workspace of two layers, and all that belongs to it, below `place`.
fn confinement(place: &Path) -> Confinement {
    for folder in ["lower/folder", "slot/u", "slot/work", "home/tmp"] {
        fs::create_dir_all(place.join(folder)).unwrap();
    }
    fs::write(place.join("lower/folder/file"), "from below\n").unwrap();
    let mut view = system(Path::new("/home/agent"));
    view.push(Mount::Overlay {
        layers: vec![place.join("lower")],
        upper: place.join("slot/u"),
        at: "/ws".into(),
    });
    view.push(Mount::Writable {
        from: place.join("home"),
        at: "/home/agent".into(),
    });
    view.push(Mount::Memory {
        at: "/tmp".into(),
        most: 64 << 20,
    });
    Confinement {
        view,
        identity: identity(7),
        network: Network::None,
        limits: Limits::default(),
    }
}

fn shell(confinement: Confinement, script: &str) -> ProcessSpec {
    ProcessSpec {
        program: "sh".into(),
        args: vec!["-euc".into(), script.into()],
        cwd: "/ws".into(),
        env: BTreeMap::from([
            ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
            ("HOME".into(), "/home/agent".into()),
        ]),
        reach: Reach::Confined(Box::new(confinement)),
    }
}

/// Runs a script to its end, and gives what it printed, errors included.
async fn run(launcher: &Launcher, test: &str, confinement: Confinement, script: &str) -> (String, Ended) {
    let mark = TreeMark::new(format!("{test}-{}", std::process::id()), "s1-a1").unwrap();
    let script = format!("exec 2>&1; {script}");
    let mut tree = launcher.spawn(shell(confinement, &script), &mark).await.unwrap();
    let mut said = String::new();
    let mut stdout = tree.stdout.take().unwrap();
    let read = stdout.read_to_string(&mut said);
    tokio::time::timeout(DEADLINE, read)
        .await
        .expect("an end in time")
        .unwrap();
    let ended = tree.end(DEADLINE).await;
    (said, ended)
}

/// A launcher that runs as an ordinary user, who then owns `place`; for tests that run as root.
fn ordinary_launcher(place: &Path) -> Launcher {
    // Ordinary users must reach the program, which lies where only root can look.
    let copy = place.join("supervisor");
    fs::copy(env!("CARGO_BIN_EXE_team6-supervisor"), &copy).unwrap();
    give(place, NOBODY);
    let ids = [
        format!("--reuid={NOBODY}"),
        format!("--regid={NOBODY}"),
        "--clear-groups".into(),
    ];
    let args = ids.into_iter().map(Into::into).chain([copy.into_os_string()]);
    Launcher::new("setpriv", args.collect::<Vec<OsString>>())
}

/// Any user that is not root.
const NOBODY: u32 = 65_534;

fn give(folder: &Path, user: u32) {
    std::os::unix::fs::chown(folder, Some(user), Some(user)).unwrap();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => give(&entry.path(), user),
            false => std::os::unix::fs::chown(entry.path(), Some(user), Some(user)).unwrap(),
        }
    }
}

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
    let mark = format!("daemons-{}", std::process::id());
    assert_eq!(team6_sandbox::sweep(&mark).ended, 0, "nothing was left to sweep");
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
    let mut confinement = self::confinement(place.path());
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
