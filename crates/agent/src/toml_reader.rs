//! Reads a TOML document by its spans, so that everything that is wrong with it is said at once, with line numbers
//! and with the name that was probably meant.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something that is wrong in a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// A value that stands somewhere in the document.
pub(crate) type Node<'a> = Spanned<DeValue<'a>>;

/// Collects what is wrong with a document.
pub(crate) struct Reader<'a> {
    source: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self {
            source,
            problems: RefCell::new(Vec::new()),
        }
    }

    /// The line of a place in the document, from 1.
    pub(crate) fn line(&self, place: &Range<usize>) -> usize {
        let before = self.source.get(..place.start).unwrap_or(self.source);
        1 + before.matches('\n').count()
    }

    pub(crate) fn add(&self, place: &Range<usize>, text: impl Into<String>) {
        let problem = Problem {
            line: self.line(place),
            text: text.into(),
        };
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    pub(crate) fn finish(self) -> Result<(), Vec<Problem>> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Says that a name is not known, and which was probably meant.
    pub(crate) fn unknown(&self, place: &Range<usize>, what: &str, name: &str, known: &[&str]) {
        let near = known
            .iter()
            .filter(|known| strsim::damerau_levenshtein(known, name) <= 2);
        let meant = near.min_by_key(|known| strsim::damerau_levenshtein(known, name));
        let hint = match meant {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None if known.is_empty() => "there are none".to_owned(),
            None => format!("use {}", known.join(", ")),
        };
        self.add(place, format!("{what} \"{name}\" is not known; {hint}"));
    }

    /// The fields of a table. A value that is no table is taken as its field `main`.
    pub(crate) fn fields<'n>(&'n self, what: &'n str, node: &'n Node<'n>, main: Option<&'n str>) -> Fields<'n> {
        let entries = match (node.get_ref(), main) {
            (DeValue::Table(table), _) => return self.table(what, table, node.span()),
            (_, Some(main)) => vec![(main, node.span(), node)],
            (_, None) => {
                self.add(&node.span(), format!("{what} must be a table, such as {{ … }}"));
                Vec::new()
            }
        };
        Fields::new(self, what, node.span(), entries)
    }

    pub(crate) fn table<'n>(&'n self, what: &'n str, table: &'n DeTable<'n>, place: Range<usize>) -> Fields<'n> {
        let entries = table
            .iter()
            .map(|(name, node)| (name.get_ref().as_ref(), name.span(), node));
        Fields::new(self, what, place, entries.collect())
    }

    /// The items of a list; of anything else, that it is none.
    pub(crate) fn list<'n>(&self, what: &str, node: &'n Node<'n>) -> Vec<&'n Node<'n>> {
        match node.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => {
                self.add(&node.span(), format!("{what} must be a list, such as [ … ]"));
                Vec::new()
            }
        }
    }

    pub(crate) fn text<'n>(&self, what: &str, node: &'n Node<'n>) -> &'n str {
        match node.get_ref() {
            DeValue::String(text) => text.as_ref(),
            _ => {
                self.add(&node.span(), format!("{what} must be text in quotes"));
                ""
            }
        }
    }
}

/// The fields of one table, each asked for by its name; those that were not asked for are not known.
pub(crate) struct Fields<'n> {
    pub(crate) reader: &'n Reader<'n>,
    pub(crate) place: Range<usize>,
    what: &'n str,
    entries: Vec<(&'n str, Range<usize>, &'n Node<'n>)>,
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    fn new(
        reader: &'n Reader<'n>,
        what: &'n str,
        place: Range<usize>,
        entries: Vec<(&'n str, Range<usize>, &'n Node<'n>)>,
    ) -> Self {
        Self {
            reader,
            place,
            what,
            entries,
            asked: Vec::new(),
        }
    }

    /// The names that the table has.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'n str, Range<usize>, &'n Node<'n>)> {
        self.entries.iter().cloned()
    }

    /// A field's name as it is shown.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.what)
    }

    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'n Node<'n>> {
        self.asked.push(name);
        self.entries
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(.., node)| *node)
    }

    /// A field that must be there.
    pub(crate) fn require(&mut self, name: &'static str) -> Option<&'n Node<'n>> {
        let node = self.get(name);
        if node.is_none() {
            self.reader.add(&self.place, format!("{} needs \"{name}\"", self.what));
        }
        node
    }

    pub(crate) fn integer(&mut self, name: &'static str, range: Range<i64>) -> Option<i64> {
        let node = self.get(name)?;
        let number = match node.get_ref() {
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let what = format!(
                "{}.{name} must be a whole number from {} to {}",
                self.what,
                range.start,
                range.end - 1
            );
            self.reader.add(&node.span(), what);
        }
        number
    }

    pub(crate) fn number(&mut self, name: &'static str) -> Option<f64> {
        let node = self.get(name)?;
        let number = match node.get_ref() {
            DeValue::Integer(digits) => digits.as_str().parse().ok(),
            DeValue::Float(digits) => digits.as_str().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number: &f64| number.is_finite() && *number >= 0.0);
        if number.is_none() {
            self.reader
                .add(&node.span(), format!("{}.{name} must be a number from 0", self.what));
        }
        number
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let node = self.get(name)?;
        match node.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.reader
                    .add(&node.span(), format!("{}.{name} must be true or false", self.what));
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn choice(&mut self, name: &'static str, known: &[&str]) -> Option<&'n str> {
        let node = self.get(name)?;
        let text = self.reader.text(&self.path(name), node);
        if known.contains(&text) {
            return Some(text);
        }
        if !text.is_empty() {
            self.reader.unknown(&node.span(), &self.path(name), text, known);
        }
        None
    }

    /// Says which fields nobody asked for.
    pub(crate) fn finish(self) {
        for (name, place, _) in &self.entries {
            if !self.asked.contains(name) {
                self.reader
                    .unknown(place, &format!("{} field", self.what), name, &self.asked);
            }
        }
    }
}
