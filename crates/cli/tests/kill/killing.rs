//! A sprint in which people do what waits for them and somebody follows, while the server is killed and started again.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Place, Server};

/// The longest time between an event and the kill that follows it, in milliseconds.
const LONGEST_PAUSE: u64 = 60;
/// How long the server may take for the next event, and for all of the rest in the end.
const LIMIT: Duration = Duration::from_secs(90);

/// What came of it.
pub(crate) struct Survived {
    /// All events, as they stand in the log.
    pub(crate) events: Vec<Value>,
    /// What somebody saw who followed through all restarts.
    pub(crate) followed: Vec<Value>,
    /// The last server.
    pub(crate) server: Server,
}

/// The seed of the kills: that of `TEAM6_KILL_SEED`, which is printed.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("TEAM6_KILL_SEED").ok();
    let seed = given.and_then(|seed| seed.parse().ok()).unwrap_or(6);
    println!("TEAM6_KILL_SEED={seed}");
    seed
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A place whose server comes back on the same port each time, so that whoever follows finds it again.
pub(crate) fn place(more: &str) -> Place {
    let mut place = Place::listening(port_of_its_own(), more);
    place.folder.disable_cleanup(true);
    println!("the folder stays when the test fails: {}", place.path().display());
    place
}

/// A port that nobody else is given while its server is away: the system hands out those from 32768 on to whoever asks for
/// any, and there are many who ask.
fn port_of_its_own() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Kills the server of sprint 1 this often, at moments that follow from the seed, while people do what their inbox asks
/// of them: `answer` is called with each entry and what it can be done with.
pub(crate) fn killed_again_and_again(
    place: &Place,
    mut server: Server,
    scenario: &str,
    kills: u32,
    answer: impl Fn(&Place, &Value) + Send,
) -> Survived {
    let mut state = seed();
    let (send, receive) = mpsc::channel::<Value>();
    let mut followed = Vec::new();
    let over = AtomicBool::new(false);
    let (killed, server) = std::thread::scope(|scope| {
        let _over = Over(&over);
        // One command follows through all restarts. It would wait for a server for ever, so it ends with this closure.
        let (mut viewer, lines) = place.watching(&["sprint", "watch", "1", "--json"]);
        scope.spawn(move || {
            for line in lines {
                let _ = send.send(serde_json::from_str(&line).unwrap());
            }
        });
        let acting = scope.spawn(|| people(place, answer, &over));
        let mut killed = 0;
        while killed < kills {
            // Few events at a time, so that all of the kills fall into the sprint; the viewer is there from the first on.
            for _ in 0..next(&mut state) % 5 + u64::from(killed == 0) {
                match receive.recv_timeout(LIMIT) {
                    Ok(event) => followed.push(event),
                    Err(mpsc::RecvTimeoutError::Disconnected) => return (killed, server),
                    Err(mpsc::RecvTimeoutError::Timeout) => panic!("no event came: {}", place.log()),
                }
            }
            // An event is what the engine has just stored: without a pause, all kills would fall on what it does right
            // after that, and none into the middle of a push, an import or a merge. The pause is the point of the test.
            std::thread::sleep(Duration::from_millis(next(&mut state) % LONGEST_PAUSE));
            server.kill();
            killed += 1;
            server = place.up(&["--scenario", scenario]);
        }
        acting.join().unwrap();
        assert!(viewer.ended(), "the viewer gave up");
        followed.extend(receive.iter());
        (killed, server)
    });
    assert_eq!(killed, kills, "the sprint ended too early; it needs more work");
    let log = place.ok(&["events", "--sprint", "1", "--json"]);
    Survived {
        events: log.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        followed,
        server,
    }
}

/// Tells people when it is dropped, so that none waits for a server that is gone for good.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does what waits for people until the sprint is closed, whether the server is there or not.
fn people(place: &Place, answer: impl Fn(&Place, &Value), over: &AtomicBool) {
    let began = Instant::now();
    while !over.load(Ordering::Relaxed) {
        assert!(began.elapsed() < LIMIT * 4, "the sprint does not end: {}", place.log());
        let waits = place.run(&["sprint", "watch", "1", "--until", "person", "--json"]);
        if waits.code == 0 && waits.stdout.trim().is_empty() {
            return;
        }
        let Some(last) = waits.stdout.lines().last().filter(|_| waits.code == 0) else {
            continue;
        };
        // The last line is the inbox; or an event, if that was how the sprint ended.
        let Ok(Value::Array(entries)) = serde_json::from_str(last) else {
            return;
        };
        for entry in &entries {
            let task = entry["task"].to_string();
            let person = entry["person"].as_str().unwrap();
            match entry["kind"].as_str().unwrap() {
                "no_owner" => drop(place.run(&["sprint", "owners", "1", "--suggested"])),
                "awaits_approval" => drop(place.run(&["sprint", "approve", "1"])),
                "review" => drop(place.run(&["task", "review", &task, "--approve", "--as", person])),
                "merge" => drop(place.run(&["task", "merge", &task, "--as", person])),
                _ => answer(place, entry),
            }
        }
    }
}

impl Survived {
    pub(crate) fn of(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["kind"] == kind).collect()
    }

    /// No event was lost and none came twice: in the log, and for the one who followed.
    pub(crate) fn tells_all(&self) {
        let versions: Vec<u64> = self
            .events
            .iter()
            .filter_map(|event| event["version"].as_u64())
            .collect();
        let all: Vec<u64> = (1..=versions.len() as u64).collect();
        assert_eq!(versions, all, "an event is lost");
        let position = |event: &Value| event["position"].as_u64().unwrap();
        let from = position(&self.followed[0]);
        let logged: Vec<&Value> = self.events.iter().filter(|event| position(event) >= from).collect();
        for (seen, logged) in self.followed.iter().zip(&logged) {
            // A live stream leaves out what its reader knows; all that it tells is as it stands in the log.
            let told: serde_json::Map<String, Value> = seen.as_object().unwrap().clone();
            let same: serde_json::Map<String, Value> =
                told.keys().map(|key| (key.clone(), logged[key].clone())).collect();
            assert_eq!(told, same, "the viewer missed something, or saw it otherwise");
            let known = ["position", "at", "actor", "kind", "data"];
            assert!(known.iter().all(|key| told.contains_key(*key)));
        }
        assert_eq!(self.followed.len(), logged.len(), "the viewer missed the end");
    }

    /// Every pull request was opened once: this many.
    pub(crate) fn opened_once(&self, pull_requests: usize) {
        let opened = self.of("pull_request_opened");
        let requests: std::collections::BTreeSet<String> = opened
            .iter()
            .map(|event| format!("{} {}", event["data"]["repository"], event["data"]["number"]))
            .collect();
        assert_eq!(requests.len(), pull_requests, "{opened:#?}");
        assert_eq!(
            opened.len(),
            pull_requests,
            "a pull request was opened twice: {opened:#?}"
        );
    }

    /// No process, no workspace and no home is left, and the databases are sound.
    pub(crate) fn leaves_nothing(self, place: &Place, scenario: &str) {
        let databases = place.ok(&["admin", "check"]);
        assert!(databases.contains("sound"), "{databases}");
        assert!(self.server.stop());
        // What one that ended had no time for is put right by the next.
        assert!(place.up(&["--scenario", scenario]).stop());
        let homes = std::fs::read_dir(place.path().join("team6-data/homes")).unwrap();
        let homes: Vec<_> = homes.map(|home| home.unwrap().file_name()).collect();
        assert_eq!(homes, [""; 0], "an agent's home is left");
        let slots = std::fs::read_dir(place.path().join("team6-data/workspaces/slots")).unwrap();
        assert_eq!(slots.count(), 0, "a workspace is left");
        assert_eq!(processes_in(place), Vec::<String>::new());
        std::fs::remove_dir_all(place.path()).unwrap();
    }
}

/// Processes whose environment carries the mark of this data folder's trees.
fn processes_in(place: &Place) -> Vec<String> {
    let needle = place.path().to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let marked = entries.filter_map(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let text = String::from_utf8_lossy(&environment).into_owned();
        let ours = text.contains("TEAM6_TREE=") && text.contains(&needle);
        let command = std::fs::read_to_string(entry.path().join("cmdline"));
        ours.then(|| format!("{:?}: {command:?}", entry.file_name()))
    });
    marked.collect()
}
