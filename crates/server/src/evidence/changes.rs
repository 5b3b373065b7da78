//! What a diff says in numbers, as `git diff --raw --numstat -z` writes it.

use std::collections::BTreeMap;

use team6_core::packet::TouchedFile;

/// The files in git's order.
pub(super) fn read(said: &[u8]) -> Vec<TouchedFile> {
    let said = String::from_utf8_lossy(said);
    let mut fields = said.split('\0').filter(|field| !field.is_empty()).peekable();
    let mut modes: BTreeMap<String, bool> = BTreeMap::new();
    while let Some(raw) = fields.next_if(|field| field.starts_with(':')) {
        let (mode, renamed) = raw_of(raw);
        let old = fields.next();
        let path = if renamed { fields.next() } else { old };
        modes.extend(path.map(|path| (path.to_owned(), mode)));
    }
    let mut files = Vec::new();
    while let Some(counted) = fields.next() {
        let mut parts = counted.splitn(3, '\t');
        let (added, taken) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let path = match parts.next() {
            Some("") | None => {
                fields.next();
                fields.next()
            }
            path => path,
        };
        let Some(path) = path else { break };
        files.push(TouchedFile {
            path: path.to_owned(),
            additions: added.parse().unwrap_or(0),
            deletions: taken.parse().unwrap_or(0),
            binary: added == "-",
            mode: modes.get(path).copied().unwrap_or_default(),
        });
    }
    files
}

/// Of `:<mode> <mode> <id> <id> <status>`: whether the mode matters to who reviews, and whether two paths follow.
fn raw_of(raw: &str) -> (bool, bool) {
    let mut words = raw.trim_start_matches(':').split(' ');
    let (old, new) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let status = words.next_back().unwrap_or_default();
    let usual = |mode: &str| matches!(mode, "100644" | "000000");
    let mode = old != new && !(usual(old) && usual(new)) && new != "000000";
    (mode, status.starts_with(['R', 'C']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_with_their_lines_their_new_names_and_what_may_be_executed_now() {
        let said =
            b":100644 100755 a b M\0run.sh\0:100644 100644 a b R090\0old.rs\0new.rs\0:000000 100644 a b A\0logo.png\0\
            1\t2\trun.sh\x003\t1\t\0old.rs\0new.rs\0-\t-\tlogo.png\0";
        let files = read(said);
        let told: Vec<_> = files
            .iter()
            .map(|file| {
                (
                    file.path.as_str(),
                    file.additions,
                    file.deletions,
                    file.binary,
                    file.mode,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("run.sh", 1, 2, false, true),
                ("new.rs", 3, 1, false, false),
                ("logo.png", 0, 0, true, false)
            ]
        );
    }
}
