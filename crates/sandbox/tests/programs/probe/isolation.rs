//! Asks what a machine gives, on machines that give less: `within KIND PROGRAM ARGUMENT...` makes such a one first.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::text;

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    match (name, arguments) {
        ("isolation", [supervisor, folder]) => {
            let launcher = team6_sandbox::Launcher::new(supervisor, [""; 0]);
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let found = runtime.block_on(team6_sandbox::probe::isolation(&launcher, Path::new(folder)));
            println!("{}", serde_json::to_string(&found).unwrap());
        }
        ("within", ["overlay", folder, program, rest @ ..]) => {
            unshare(libc::CLONE_NEWNS);
            let options = format!("lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work");
            mount("overlay", &format!("{folder}/merged"), Some(&options));
            execute(program, rest);
        }
        ("within", [kind, program, rest @ ..]) => {
            match *kind {
                "nothing-less" => {}
                "no-user-namespaces" => {
                    unshare(libc::CLONE_NEWUSER);
                    fs::write("/proc/sys/user/max_user_namespaces", "0").unwrap();
                }
                "masked-processes" => {
                    unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS);
                    mount("tmpfs", "/proc/irq", None);
                }
                "refused-calls" => refuse_calls(),
                other => panic!("what is {other}?"),
            }
            execute(program, rest);
        }
        _ => return false,
    }
    true
}

/// Into namespaces in which the user stays who it is.
fn unshare(flags: i32) {
    // SAFETY: plain calls.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    // SAFETY: a plain call in a program with one thread.
    assert_eq!(unsafe { libc::unshare(flags) }, 0);
    if flags & libc::CLONE_NEWUSER != 0 {
        fs::write("/proc/self/setgroups", "deny").unwrap();
        fs::write("/proc/self/uid_map", format!("{user} {user} 1")).unwrap();
        fs::write("/proc/self/gid_map", format!("{group} {group} 1")).unwrap();
    }
    if flags & libc::CLONE_NEWNS != 0 {
        let private = libc::MS_REC | libc::MS_PRIVATE;
        // SAFETY: strings that live through the call.
        let done = unsafe { libc::mount(c"".as_ptr(), c"/".as_ptr(), c"".as_ptr(), private, std::ptr::null()) };
        assert_eq!(done, 0);
    }
}

fn mount(kind: &str, at: &str, options: Option<&str>) {
    let options = text(options.unwrap_or_default());
    // SAFETY: strings that live through the call.
    let done = unsafe {
        libc::mount(
            text(kind).as_ptr(),
            text(at).as_ptr(),
            text(kind).as_ptr(),
            0,
            options.as_ptr().cast(),
        )
    };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
}

/// As containers do by default.
fn refuse_calls() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
    let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let refused = [(libc::SYS_unshare, Vec::new()), (libc::SYS_mount, Vec::new())].into();
    let error = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, error, arch).unwrap();
    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}

fn execute(program: &str, arguments: &[&str]) -> ! {
    panic!("{}", Command::new(program).args(arguments).exec());
}
