//! Receipts against a program of others: it verifies what is exported, and no changed byte goes unseen.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::process::Command;

use team6_core::checks::{Check, CheckOutcome, Checkout, Digest, Receipt, ReceiptExport, Run, RunEnd};
use team6_core::ids::{CommitId, SprintId, TaskId};
use team6_core::time::Timestamp;

fn commit(letter: char) -> CommitId {
    CommitId::new(letter.to_string().repeat(40)).unwrap()
}

fn run(letter: char, end: RunEnd, said: &str) -> Run {
    Run {
        commit: commit(letter),
        tree: Some(commit('e')),
        beside: BTreeMap::new(),
        end,
        log: Digest::of(said.as_bytes()),
        log_bytes: said.len() as u64,
        began: Timestamp(1_000),
        ended: Timestamp(2_000),
    }
}

/// A chain with every way to end, and texts that JSON writes in other ways.
fn export() -> ReceiptExport {
    let (failed, fine) = ("1 test failed \u{1b}[31m\u{7f} \u{e9}\n\t\"x\"\\", "ok\n");
    let red = || RunEnd::Exited { status: 101 };
    let runs = [
        (run('a', RunEnd::Exited { status: 0 }, fine), None),
        (
            run('a', red(), failed),
            Some(run('0', RunEnd::Exited { status: 0 }, fine)),
        ),
        (run('b', red(), failed), Some(run('0', red(), failed))),
        (run('b', RunEnd::TimedOut, failed), None),
        (
            run(
                'c',
                RunEnd::Stopped {
                    how: "signal 9 \u{e9}".into(),
                },
                "",
            ),
            Some(run('0', red(), "")),
        ),
        (
            Run::none(commit('c'), "no room \"here\"".into(), Timestamp(3_000)),
            None,
        ),
    ];
    let mut receipts: Vec<Receipt> = Vec::new();
    for (mut run, mut base) in runs {
        // Every other one is over two repositories.
        let together = if receipts.len().is_multiple_of(2) {
            &[][..]
        } else {
            &["app", "web"]
        };
        for (run, tree) in [(Some(&mut run), None), (base.as_mut(), Some(commit('d')))] {
            if let Some(run) = run.filter(|_| !together.is_empty()) {
                let web = Checkout {
                    commit: commit('9'),
                    tree,
                };
                run.beside.insert("web".parse().unwrap(), web);
            }
        }
        let receipt = Receipt {
            number: u32::try_from(receipts.len()).unwrap() + 1,
            previous: receipts.last().map_or_else(Digest::nothing, |last| last.hash.clone()),
            sprint: SprintId(3),
            task: TaskId(12),
            delivery: 2,
            repository: "app".parse().unwrap(),
            check: Check {
                name: "test".parse().unwrap(),
                command: "printf '%s\\n' \"caf\u{e9}\" \u{1f600}\u{2028}".into(),
                seconds: 600,
                together: together.iter().map(|name| name.parse().unwrap()).collect(),
            },
            outcome: CheckOutcome::Passed,
            run,
            base,
            hash: Digest::nothing(),
        };
        receipts.push(receipt.sealed());
    }
    let logs = [failed, fine].map(|said| (Digest::of(said.as_bytes()).to_string(), said.to_owned()));
    ReceiptExport {
        receipts,
        logs: BTreeMap::from(logs),
    }
}

/// Changes every byte in turn, and says which changes were not seen.
const CHANGE_EACH: &str = r#"
import importlib.util, sys
spec = importlib.util.spec_from_file_location("verify", sys.argv[1])
verify = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verify)
data = open(sys.argv[2], "rb").read()
print(verify.verify(data.decode()))
for place in range(len(data)):
    for bit in (1, 4, 32):
        changed = bytearray(data)
        changed[place] ^= bit
        try:
            verify.verify(changed.decode())
            print("unseen", place, bit, bytes(changed[max(0, place - 30):place + 10]))
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
"#;

fn python() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "python3 is needed in CI");
    there
}

#[test]
fn an_independent_program_verifies_receipts_and_sees_every_changed_byte() {
    if !python() {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify-receipts.py");
    let path = std::env::temp_dir().join(format!("receipts-{}.json", std::process::id()));
    std::fs::write(&path, serde_json::to_string(&export()).unwrap()).unwrap();
    let ran = Command::new("python3")
        .args(["-c", CHANGE_EACH, script])
        .arg(&path)
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(said.trim(), "6", "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn our_own_verification_agrees_and_names_what_is_wrong() {
    let export = export();
    let verified = export.verify();
    assert_eq!((verified.receipts, verified.logs, verified.broken.len()), (6, 9, 0));
    let outcomes: Vec<&str> = export.receipts.iter().map(|receipt| receipt.outcome.word()).collect();
    assert_eq!(
        outcomes,
        [
            "passed",
            "broke",
            "red_before",
            "timed_out",
            "red_before",
            "could_not_run"
        ]
    );
    let mut other = export.clone();
    other
        .logs
        .values_mut()
        .for_each(|said| *said = said.replace("failed", "passed"));
    let broken: Vec<String> = other.verify().broken.iter().map(ToString::to_string).collect();
    assert!(
        broken.iter().all(|text| text.contains("is not what was kept")),
        "{broken:?}"
    );
    let mut other = export;
    other.receipts.remove(1);
    assert!(!other.verify().broken.is_empty());
}
