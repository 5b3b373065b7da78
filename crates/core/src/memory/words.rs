//! The words of a text as they are looked up: identifiers and paths taken apart, in lower case, without those that say
//! nothing, as stems, those of one meaning as one.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use super::stem::stem;
use super::synonyms::{kinds, of_one_meaning};
use super::{Memory, Scope};

/// The most words of a question; the rest of a long description says little that is new.
const QUESTION_MOST: usize = 96;

/// Words that are everywhere, also those by which tasks are phrased.
static EMPTY: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a about above across add after again all allow also always an and any anybody are as at back be because been before \
     being below better between both bring but by call can cannot come could create current do does doing done each either \
     else ensure etc even every everything few first for from get give given go goes good had has have he her here his how \
     if implement in instead into is it its itself just keep kind know last least less let like look lot made make many may \
     might more most must my need never new next no nobody nor not nothing now of off old on once one only or other our out \
     over own people per please possible put rather really right run said same say see set several shall she should show \
     simple since so some somebody something soon still such sure take tell than that the their them then there these they \
     thing this those though through to together too turn two under until up us use used user using very want was way we \
     well were what when where whether which while who whole why will with within without work would yet you your"
        .split(' ')
        .collect()
});

/// Words without which a sentence may say the opposite; they count when two texts are compared.
static TELLING: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "not no never without except unless instead only always before after don doesn mustn shouldn avoid more less most least \
     first last until once off on"
        .split(' ')
        .collect()
});

/// The parts of a text: runs of letters and digits, taken apart where lower case turns to upper case.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        let letters: Vec<char> = run.chars().collect();
        let mut part = String::new();
        for (n, letter) in letters.iter().enumerate() {
            let before = n.checked_sub(1).and_then(|n| letters.get(n));
            let after = letters.get(n + 1);
            let begins = letter.is_uppercase()
                && before.is_some_and(|before| {
                    before.is_lowercase() || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
                });
            if begins && !part.is_empty() {
                parts.push(std::mem::take(&mut part));
            }
            part.extend(letter.to_lowercase());
        }
        if !part.is_empty() {
            parts.push(part);
        }
    }
    parts
}

/// The words of a text, in order.
fn words(text: &str) -> impl Iterator<Item = String> {
    let told = parts(text)
        .into_iter()
        .filter(|part| part.chars().nth(1).is_some() && !EMPTY.contains(part.as_str()));
    told.map(|part| of_one_meaning(stem(&part)))
}

/// The words by which a memory is found: those of its text and of its place, and the kinds of what it names.
pub fn of_memory(memory: &Memory) -> Vec<String> {
    let mut all: Vec<String> = words(&memory.text).collect();
    if let Scope::Path { path, .. } = &memory.scope {
        all.extend(words(path.as_str()));
    }
    if let Some(repository) = memory.scope.repository() {
        all.extend(words(repository.as_str()));
    }
    let named: BTreeSet<&String> = all.iter().collect();
    let of_kind: BTreeSet<String> = named
        .iter()
        .flat_map(|word| kinds(word))
        .filter(|kind| !named.contains(kind))
        .cloned()
        .collect();
    all.extend(of_kind);
    all
}

/// The words that a question asks for, in order: those of its title twice, since they say what it is about.
pub fn of_question(title: &str, text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut told = |text: &str| -> Vec<String> { words(text).filter(|word| seen.insert(word.clone())).collect() };
    let (title, text) = (told(title), told(text));
    let mut all = [title.clone(), title, text].concat();
    all.truncate(QUESTION_MOST);
    all
}

/// What two texts are compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Print {
    /// All that is written, but for case and punctuation.
    whole: u64,
    /// The stems, each once, in order.
    stems: Vec<u64>,
    /// Numbers, and what turns a sentence round.
    telling: Vec<u64>,
}

/// How many of the stems of two texts must be in both for them to say the same.
const ALIKE: f64 = 0.85;

impl Print {
    pub(super) fn of(text: &str) -> Self {
        let parts = parts(text);
        let is_telling = |part: &&String| part.bytes().any(|b| b.is_ascii_digit()) || TELLING.contains(part.as_str());
        let sorted = |hashes: BTreeSet<u64>| hashes.into_iter().collect();
        Self {
            whole: hash(parts.join(" ").as_bytes()),
            stems: sorted(parts.iter().map(|part| hash(stem(part).as_bytes())).collect()),
            telling: sorted(
                parts
                    .iter()
                    .filter(is_telling)
                    .map(|part| hash(part.as_bytes()))
                    .collect(),
            ),
        }
    }

    /// Whether both texts are written in the same words.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.whole == other.whole
    }

    /// Whether both texts say the same, as far as words tell.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        if self.is_same(other) {
            return true;
        }
        let (few, many) = match self.stems.len() <= other.stems.len() {
            true => (&self.stems, &other.stems),
            false => (&other.stems, &self.stems),
        };
        // So far apart in length that they cannot be alike.
        if (few.len() as f64) < ALIKE * many.len() as f64 || self.telling != other.telling {
            return false;
        }
        let both = few.iter().filter(|stem| many.binary_search(stem).is_ok()).count();
        both as f64 >= ALIKE * (few.len() + many.len() - both) as f64
    }
}

/// FNV-1a, which stays the same on every machine.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_paths_are_taken_apart() {
        assert_eq!(
            parts("parseHTTPHeader in src/http_client.rs, v2"),
            ["parse", "http", "header", "in", "src", "http", "client", "rs", "v2"]
        );
        assert_eq!(parts("Größe日本"), ["größe日本"]);
    }

    #[test]
    fn a_question_is_its_telling_words_those_of_its_title_twice() {
        assert_eq!(
            of_question("Add the migration", "Migrations of the DB must be made to run in CI"),
            ["migrat", "migrat", "databas", "pipelin"]
        );
    }

    #[test]
    fn texts_that_say_the_same_are_alike_and_those_that_differ_where_it_matters_are_not() {
        let alike = |a: &str, b: &str| Print::of(a).is_alike(&Print::of(b));
        assert!(alike(
            "Run `make migrate` before the tests.",
            "run make-migrate, before the tests"
        ));
        assert!(alike(
            "Prices are kept in cents as whole numbers in the orders table of the shop.",
            "Prices are kept in cents, as whole numbers, in the order tables of the shop."
        ));
        for (a, b) in [
            (
                "Use the shared pool for queries in request handlers.",
                "Do not use the shared pool for queries in request handlers.",
            ),
            (
                "The gateway times out after 30 seconds, so long exports run as jobs in the background queue of the worker.",
                "The gateway times out after 60 seconds, so long exports run as jobs in the background queue of the worker.",
            ),
            (
                "Seed the database before the tests run.",
                "Seed the database after the tests run.",
            ),
            ("Run the linter.", "Run the formatter."),
        ] {
            assert!(!alike(a, b), "{a} / {b}");
        }
    }
}
