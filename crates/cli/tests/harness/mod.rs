//! A real server in a folder of its own, and commands that talk to it, as people run both.

#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong here is the failure of the test"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

/// For how long an event is waited for.
const LIMIT: Duration = Duration::from_secs(60);
/// For how long a command may run, and a server start or stop: what hangs is killed, so that its test fails and says why.
const LONGEST: Duration = Duration::from_secs(180);

const TEAM6: &str = env!("CARGO_BIN_EXE_team6");

/// A folder with a configuration, in which a server can run.
pub struct Place {
    pub folder: tempfile::TempDir,
    /// More variables for the server and its commands.
    pub env: Vec<(String, String)>,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Kills a process that is still at work after [`LONGEST`], unless this was dropped before.
struct Deadline {
    _ended: mpsc::Sender<()>,
}

/// A command whose output is read as it comes, which is killed when dropped.
pub struct Watching {
    pub child: Child,
}

/// A running server, which is killed when dropped.
pub struct Server {
    child: Child,
    /// Kept open, so that the server can go on printing.
    _said: BufReader<ChildStdout>,
}

impl Place {
    /// Two people, short limits, and further lines of configuration, in which `PLACE` stands for its folder.
    pub fn new(more: &str) -> Self {
        Self::listening(0, more)
    }

    /// The same on a certain port.
    pub fn listening(port: u16, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let more = more.replace("PLACE", folder.path().to_str().unwrap());
        let config = format!(
            "me = \"ada\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n[people.ada]\nname = \"Ada\"\nemail = \"ada@example.org\"\n\
             [people.lin]\nname = \"Lin\"\nemail = \"lin@example.org\"\n\
             [limits]\nheartbeat = \"500ms\"\nlease = \"10s\"\nbackoff_base = \"200ms\"\nbackoff_limit = \"1s\"\n{more}"
        );
        fs::write(folder.path().join("team6.toml"), config).unwrap();
        Self {
            folder,
            env: Vec::new(),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and tells its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A command of this place, not started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(TEAM6);
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for name in [
            "TEAM6_URL",
            "TEAM6_PERSON",
            "TEAM6_TOKEN_FILE",
            "TEAM6_DATA",
            "NO_COLOR",
            "VISUAL",
            "EDITOR",
        ] {
            command.env_remove(name);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the server and waits until it listens.
    pub fn up(&self, args: &[&str]) -> Server {
        let mut all = vec!["up"];
        all.extend(args);
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path().join("server.log"))
            .unwrap();
        let mut child = self.command(&all).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let _deadline = Deadline::of(&child);
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("listens on") {
            line.clear();
            if said.read_line(&mut line).unwrap() == 0 {
                panic!("the server ended: {}", self.log());
            }
        }
        Server { child, _said: said }
    }

    /// What the server wrote on its error stream.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path().join("server.log")).unwrap_or_default()
    }

    /// The files below the place that hold this text, by their paths in it: all that a server keeps lies there.
    pub fn files_with(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in still_there(fs::read_dir(&folder)).into_iter().flatten() {
                let entry = entry.unwrap();
                let (path, kind) = (entry.path(), still_there(entry.file_type()));
                if kind.is_some_and(|kind| kind.is_dir()) {
                    folders.push(path);
                } else if kind.is_some_and(|kind| kind.is_file()) {
                    let bytes = still_there(fs::read(&path)).unwrap_or_default();
                    if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                        found.push(path.strip_prefix(self.path()).unwrap().display().to_string());
                    }
                }
            }
        }
        found
    }

    /// Starts a command whose output is read as it comes.
    pub fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// The same, and it ends with the test.
    pub fn watching(&self, args: &[&str]) -> (Watching, impl Iterator<Item = String> + use<>) {
        let mut child = self.spawn(args);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (Watching { child }, lines.map_while(Result::ok))
    }

    /// The first event of a kind for which this holds, from the beginning of sprint 1 on.
    pub fn event(&self, kind: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.followed(&["events", "--sprint", "1", "--follow", "--json"], kind, holds)
    }

    /// The first event of a kind on the whole log.
    pub fn any_event(&self, kind: &str) -> Value {
        self.followed(&["events", "--follow", "--json"], kind, |_| true)
    }

    fn followed(&self, args: &[&str], kind: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let (viewer, lines) = self.watching(args);
        let (sender, events) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            for line in lines {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut seen = Vec::new();
        let found = loop {
            let Ok(line) = events.recv_timeout(LIMIT) else {
                break None;
            };
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["kind"] == kind && holds(&event["data"]) {
                break Some(event["data"].clone());
            }
            seen.push(line);
        };
        drop(viewer);
        drop(events);
        reader.join().unwrap();
        found.unwrap_or_else(|| panic!("no {kind} came: {}\n{}", seen.join("\n"), self.log()))
    }

    /// Runs a command.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args))
    }

    /// Runs a command that works, and gives what it printed.
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "team6 {}: {ran:?}\n{}", args.join(" "), self.log());
        ran.stdout
    }

    /// Runs a command that works and reads this, and gives what it printed.
    pub fn fed(&self, args: &[&str], input: &str) -> String {
        let file = self.file("input", input);
        let mut command = self.command(args);
        command.stdin(fs::File::open(&file).unwrap());
        let ran = Ran::of(command);
        fs::remove_file(file).unwrap();
        assert_eq!(ran.code, 0, "team6 {}: {ran:?}\n{}", args.join(" "), self.log());
        ran.stdout
    }

    /// Runs a command with `--json`, and gives its answer.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut all = args.to_vec();
        all.push("--json");
        serde_json::from_str(&self.ok(&all)).unwrap()
    }

    /// Runs a command that fails with a code, and gives what it said.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "team6 {}: {ran:?}", args.join(" "));
        ran.stderr
    }
}

impl Ran {
    fn of(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _deadline = Deadline::of(&child);
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a machine that loses its power does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> bool {
        self.ask_to_stop();
        let _deadline = Deadline::of(&self.child);
        self.child.wait().unwrap().success()
    }

    /// Asks it to stop.
    pub fn ask_to_stop(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Whether it ended in order, once it has ended.
    pub fn ended(mut self) -> bool {
        let _deadline = Deadline::of(&self.child);
        self.child.wait().unwrap().success()
    }
}

impl Deadline {
    fn of(child: &Child) -> Self {
        let pid = rustix::process::Pid::from_child(child);
        let (ended, over) = mpsc::channel();
        std::thread::spawn(move || {
            if over.recv_timeout(LONGEST) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        });
        Self { _ended: ended }
    }
}

impl Watching {
    /// Whether it ended in order, once it has ended.
    pub fn ended(&mut self) -> bool {
        let _deadline = Deadline::of(&self.child);
        self.child.wait().unwrap().success()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was found, unless it was taken away meanwhile: a server at work cleans up.
fn still_there<T>(found: std::io::Result<T>) -> Option<T> {
    match found {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        found => Some(found.unwrap()),
    }
}
