//! A control group of its own for each tree, where the machine lets the engine make some.
//!
//! There the kernel itself holds a whole tree to its memory and its processes, and ends it at one word. It takes version 2
//! of control groups, with `memory` and `pids` handed to the engine's own group or to the one above it; the latter is how
//! systemd does it (`Delegate=` with `DelegateSubgroup=`), because a group with processes cannot have such children.
//! Elsewhere limits of each process and the watch in `usage` must do.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::mark::TreeMark;
use crate::reach::Limits;

/// What names begin with.
const NAME: &str = "team6";
/// What a group must be able to hold for trees to be worth putting there.
const NEEDED: [&str; 2] = ["memory", "pids"];
/// Against 100 of the engine: people who look at it must not wait for agents.
const CPU_WEIGHT: &str = "50";
/// The sandbox's own processes, besides what its program may have.
const OWN_PROCESSES: u32 = 3;
/// How long the kernel may take to let go of a group.
const REMOVAL: Duration = Duration::from_secs(5);
const NEXT_TRY: Duration = Duration::from_millis(5);

/// The group of a tree. Dropping it ends what is in it and removes it.
#[derive(Debug)]
pub(crate) struct Group {
    folder: PathBuf,
}

/// A group in which others may be made, or why there is none.
pub(crate) fn delegated() -> Result<PathBuf, String> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let own = own_group(&groups, &mounts).ok_or("version 2 of control groups is not mounted")?;
    delegated_at(&own)
}

/// The folder of the group that a process is in, from `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn own_group(groups: &str, mounts: &str) -> Option<PathBuf> {
    let group = Path::new(groups.lines().find_map(|line| line.strip_prefix("0::"))?);
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, at) = (fields.next()?, fields.next()?);
        let below = group.strip_prefix(root).ok()?;
        kind.starts_with("cgroup2 ").then(|| Path::new(at).join(below))
    })
}

fn delegated_at(own: &Path) -> Result<PathBuf, String> {
    let mut why = String::new();
    for folder in [Some(own), own.parent()].into_iter().flatten() {
        match hands_down(folder) {
            Ok(()) => return Ok(folder.to_owned()),
            Err(error) if why.is_empty() => why = error,
            Err(_) => {}
        }
    }
    Err(why)
}

/// Whether children of a group get what they need, if need be after it was switched on.
fn hands_down(folder: &Path) -> Result<(), String> {
    let words = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let has = |said: &str| {
        NEEDED
            .iter()
            .all(|needed| said.split_whitespace().any(|word| word == *needed))
    };
    if !has(&words("cgroup.controllers")) {
        return Err("the engine's control group has no say over memory and pids".into());
    }
    if !has(&words("cgroup.subtree_control")) {
        let switched = write(folder, "cgroup.subtree_control", "+memory +pids");
        switched
            .map_err(|error| format!("memory and pids are not handed down from the engine's control group: {error}"))?;
    }
    // Not needed, but good to have.
    let _ = write(folder, "cgroup.subtree_control", "+cpu");
    let trial = folder.join(format!("{NAME}.trial.{}", std::process::id()));
    let made = fs::create_dir(&trial).and_then(|()| fs::remove_dir(&trial));
    made.map_err(|error| format!("the engine may not make control groups below its own: {error}"))
}

/// Only what is there is written: a control group makes files, not who writes them.
fn write(folder: &Path, name: &str, value: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(folder.join(name))?;
    io::Write::write_all(&mut file, value.as_bytes())
}

impl Group {
    /// A group for a tree, with its limits. None where there can be none.
    pub(crate) fn of(mark: &TreeMark, limits: &Limits) -> Option<Self> {
        let parent = delegated().ok()?;
        let name = format!("{NAME}.{}.{}.{}", mark.data_folder(), mark.tree(), std::process::id());
        let group = Self::make(&parent, &name).ok()?;
        group.limit(limits).ok()?;
        Some(group)
    }

    fn make(parent: &Path, name: &str) -> io::Result<Self> {
        let folder = parent.join(name);
        fs::create_dir(&folder)?;
        Ok(Self { folder })
    }

    fn limit(&self, limits: &Limits) -> io::Result<()> {
        if let Some(most) = limits.memory {
            write(&self.folder, "memory.max", &most.to_string())?;
            // The machine may have no swap, or old kernels no such file.
            let _ = write(&self.folder, "memory.swap.max", "0");
            // One process of a tree ended for memory leaves the rest in a state that nobody foresaw.
            let _ = write(&self.folder, "memory.oom.group", "1");
        }
        if let Some(most) = limits.processes {
            write(
                &self.folder,
                "pids.max",
                &most.saturating_add(OWN_PROCESSES).to_string(),
            )?;
        }
        let _ = write(&self.folder, "cpu.weight", CPU_WEIGHT);
        Ok(())
    }

    /// Whoever writes `0` to it is in the group from then on.
    pub(crate) fn door(&self) -> io::Result<File> {
        OpenOptions::new().write(true).open(self.folder.join("cgroup.procs"))
    }

    /// Whether the kernel ended it for its memory.
    pub(crate) fn was_out_of_memory(&self) -> bool {
        self.has_been("memory.events", "oom_kill")
    }

    /// Whether the kernel refused it another process.
    pub(crate) fn was_crowded(&self) -> bool {
        self.has_been("pids.events", "max")
    }

    fn has_been(&self, events: &str, event: &str) -> bool {
        let events = fs::read_to_string(self.folder.join(events)).unwrap_or_default();
        events
            .lines()
            .filter_map(|line| line.split_once(' '))
            .any(|(what, times)| what == event && times.trim() != "0")
    }

    /// Ends every process in it.
    pub(crate) fn kill(&self) {
        // Kernels before 5.14 have no such word; the supervisor's own passes end the tree there.
        let _ = write(&self.folder, "cgroup.kill", "1");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        let deadline = Instant::now() + REMOVAL;
        // It is busy until the last process has been waited for.
        while fs::remove_dir(&self.folder).is_err_and(|error| error.kind() == io::ErrorKind::ResourceBusy)
            && Instant::now() < deadline
        {
            thread::sleep(NEXT_TRY);
        }
    }
}

/// Removes the groups that earlier trees of this data folder left behind, with all that is in them.
pub(crate) fn remove_stale(data_folder: &str) {
    if let Ok(parent) = delegated() {
        remove_stale_at(&parent, data_folder);
    }
}

fn remove_stale_at(parent: &Path, data_folder: &str) {
    let prefix = format!("{NAME}.{data_folder}.");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)) {
            drop(Group { folder: entry.path() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folders and files as the kernel would show them; children have none until they are made.
    fn group(controllers: &str, handed_down: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("cgroup.controllers"), controllers).expect("a file");
        fs::write(folder.path().join("cgroup.subtree_control"), handed_down).expect("a file");
        folder
    }

    fn read(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).unwrap_or_default()
    }

    #[test]
    fn the_own_group_is_found_below_the_mount() {
        let mounts =
            "30 1 0:2 / /sys rw - sysfs sysfs rw\n41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n";
        let own = own_group("1:name=systemd:/x\n0::/a.slice/b\n", mounts);
        assert_eq!(own, Some("/sys/fs/cgroup/a.slice/b".into()));
        let within = "41 31 0:38 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup rw";
        assert_eq!(own_group("0::/docker/x/y", within), Some("/sys/fs/cgroup/y".into()));
        assert_eq!(own_group("4:memory:/", mounts), None);
        assert_eq!(own_group("0::/", "30 1 0:2 / /sys rw - sysfs sysfs rw"), None);
    }

    #[test]
    fn a_group_is_used_only_if_it_hands_memory_and_processes_down() {
        let ready = group("cpu memory pids", "memory pids");
        assert_eq!(delegated_at(ready.path()), Ok(ready.path().to_owned()));
        let none = group("cpu", "cpu");
        let why = delegated_at(none.path()).expect_err("not delegated");
        assert!(why.contains("no say over memory and pids"), "{why}");
        // The one above is taken where the own one has processes.
        let above = group("cpu memory pids", "memory pids");
        let own = above.path().join("engine");
        fs::create_dir(&own).expect("a folder");
        assert_eq!(delegated_at(&own), Ok(above.path().to_owned()));
        // What is not handed down is switched on.
        let asleep = group("memory pids", "");
        assert_eq!(delegated_at(asleep.path()), Ok(asleep.path().to_owned()));
        assert!(read(asleep.path(), "cgroup.subtree_control").contains('+'));
    }

    #[test]
    fn limits_are_written_and_a_group_that_ran_out_of_memory_says_so() {
        let parent = group("memory pids", "memory pids");
        let made = Group::make(parent.path(), "team6.f00d.s1-a1.1").expect("a group");
        for name in [
            "memory.max",
            "memory.swap.max",
            "memory.oom.group",
            "pids.max",
            "cpu.weight",
            "cgroup.kill",
        ] {
            fs::write(made.folder.join(name), "").expect("a file");
        }
        let limits = Limits {
            memory: Some(1000),
            processes: Some(10),
            ..Limits::default()
        };
        made.limit(&limits).expect("limits");
        let said = [
            "memory.max",
            "memory.swap.max",
            "memory.oom.group",
            "pids.max",
            "cpu.weight",
        ]
        .map(|name| read(&made.folder, name));
        assert_eq!(said, ["1000", "0", "1", "13", "50"]);
        assert!(!made.was_out_of_memory());
        fs::write(made.folder.join("memory.events"), "low 0\noom 1\noom_kill 0\n").expect("a file");
        assert!(!made.was_out_of_memory());
        fs::write(made.folder.join("memory.events"), "low 0\noom 1\noom_kill 2\n").expect("a file");
        assert!(made.was_out_of_memory());
        made.kill();
        assert_eq!(read(&made.folder, "cgroup.kill"), "1");
    }

    #[test]
    fn only_stale_groups_of_the_same_data_folder_are_removed() {
        let parent = group("", "");
        for name in ["team6.f00d.s1.1", "team6.f00d.s2.7", "team6.f00d2.s1.1", "other"] {
            fs::create_dir(parent.path().join(name)).expect("a folder");
        }
        remove_stale_at(parent.path(), "f00d");
        let left = |name: &str| parent.path().join(name).exists();
        assert!(!left("team6.f00d.s1.1") && !left("team6.f00d.s2.7"));
        assert!(left("team6.f00d2.s1.1") && left("other"));
    }

    /// Against the kernel's own groups, where they can be made; limits need controllers, ending and removing do not.
    #[test]
    fn a_real_group_ends_and_goes_with_what_is_in_it() {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let name = format!("{NAME}.test.s1.{}", std::process::id());
        let Some(Ok(group)) = own_group(&groups, &mounts).map(|own| Group::make(&own, &name)) else {
            eprintln!("not shown here: no control groups can be made");
            return;
        };
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .spawn()
            .expect("a process");
        if let Err(error) = write(&group.folder, "cgroup.procs", &child.id().to_string()) {
            let _ = (child.kill(), child.wait());
            eprintln!("not shown here: nothing can be put into a control group: {error}");
            return;
        }
        group.kill();
        let ended = std::os::unix::process::ExitStatusExt::signal(&child.wait().expect("an end"));
        assert_eq!(ended, Some(9));
        let folder = group.folder.clone();
        drop(group);
        assert!(!folder.exists());
    }
}
