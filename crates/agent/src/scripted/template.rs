//! Texts with places that are filled in when a step is played.
//!
//! Only the placeholders listed here are known; any other text in braces stays as it is, since scripts write code.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// Named pieces of the prompt.
pub(super) type Captures = BTreeMap<String, String>;

/// A text with placeholders.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    /// `{cwd}`: the folder of the session.
    Cwd,
    /// `{head}` or `{head:folder}`: the current commit of the repository in the session's folder or below it.
    Head(Option<String>),
    /// `{capture.NAME}`, or `{capture.NAME:number}` to stand for a number in arguments.
    Capture {
        name: String,
        number: bool,
    },
}

#[expect(clippy::unwrap_used, reason = "a constant pattern, which the tests compile")]
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\{(?:(?P<cwd>cwd)|(?P<head>head)(?::(?P<folder>[^{}]+))?|capture\.(?P<name>\w+)(?P<number>:number)?)\}",
    )
    .unwrap()
});

/// What fills the places of a template.
pub(super) trait Places {
    /// The folder of the session.
    fn cwd(&self) -> String;
    /// The current commit of the repository in `folder`.
    fn head(&self, folder: Option<&str>) -> Result<String, String>;
    /// A named piece of the prompt; empty if it did not match.
    fn capture(&self, name: &str) -> String;
}

impl Template {
    pub(super) fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = 0;
        for found in PLACEHOLDER.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            if whole.start() > rest {
                pieces.push(Piece::Text(text[rest..whole.start()].to_owned()));
            }
            rest = whole.end();
            pieces.push(if let Some(name) = found.name("name") {
                Piece::Capture {
                    name: name.as_str().to_owned(),
                    number: found.name("number").is_some(),
                }
            } else if found.name("cwd").is_some() {
                Piece::Cwd
            } else {
                Piece::Head(found.name("folder").map(|folder| folder.as_str().to_owned()))
            });
        }
        if rest < text.len() {
            pieces.push(Piece::Text(text[rest..].to_owned()));
        }
        Self(pieces)
    }

    /// The captures that the text needs.
    pub(super) fn captures(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Capture { name, .. } => Some(name.as_str()),
            Piece::Text(_) | Piece::Cwd | Piece::Head(_) => None,
        })
    }

    /// The text with its places filled, or why one could not be.
    pub(super) fn fill(&self, places: &impl Places) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Cwd => text.push_str(&places.cwd()),
                Piece::Head(folder) => text.push_str(&places.head(folder.as_deref())?),
                Piece::Capture { name, .. } => text.push_str(&places.capture(name)),
            }
        }
        Ok(text)
    }

    /// As [`fill`](Self::fill), but a lone `{capture.NAME:number}` becomes a number.
    fn fill_value(&self, places: &impl Places) -> Result<Value, String> {
        let text = self.fill(places)?;
        if let [Piece::Capture { name, number: true }] = self.0.as_slice() {
            let number: i64 = text
                .parse()
                .map_err(|_| format!("the capture {name} is no number: \"{text}\""))?;
            return Ok(number.into());
        }
        Ok(text.into())
    }
}

/// The arguments of a tool, with placeholders in their texts.
#[derive(Debug, Clone)]
pub(super) enum Arguments {
    /// A text, or a number made from a capture.
    Text(Template),
    /// A number, true or false.
    Plain(Value),
    List(Vec<Arguments>),
    Table(Vec<(String, Arguments)>),
    /// A list with one item for each different match in the prompt.
    ForEach {
        pattern: Regex,
        item: Box<Arguments>,
    },
}

impl Arguments {
    /// The arguments as JSON. `with` gives the places with further captures.
    pub(super) fn fill<P: Places>(
        &self,
        prompt: &str,
        places: &P,
        with: &impl Fn(&P, Captures) -> P,
    ) -> Result<Value, String> {
        Ok(match self {
            Arguments::Text(template) => template.fill_value(places)?,
            Arguments::Plain(value) => value.clone(),
            Arguments::List(items) => {
                let items = items.iter().map(|item| item.fill(prompt, places, with));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Arguments::Table(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), value.fill(prompt, places, with)?)));
                Value::Object(fields.collect::<Result<_, String>>()?)
            }
            Arguments::ForEach { pattern, item } => {
                let items = matches(pattern, prompt).into_iter();
                let items = items.map(|found| item.fill(prompt, &with(places, found), with));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
        })
    }
}

/// The named groups of each match, each different one once, in the order of the prompt.
pub(super) fn matches(pattern: &Regex, prompt: &str) -> Vec<Captures> {
    let mut all = Vec::new();
    for found in pattern.captures_iter(prompt) {
        let found = groups(pattern, &found);
        if !all.contains(&found) {
            all.push(found);
        }
    }
    all
}

/// The named groups of a match.
pub(super) fn groups(pattern: &Regex, found: &regex::Captures<'_>) -> Captures {
    let names = pattern.capture_names().flatten();
    names
        .filter_map(|name| {
            found
                .name(name)
                .map(|piece| (name.to_owned(), piece.as_str().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Fixed(Captures);

    impl Places for Fixed {
        fn cwd(&self) -> String {
            "/w".into()
        }

        fn head(&self, folder: Option<&str>) -> Result<String, String> {
            Ok(format!("head of {}", folder.unwrap_or(".")))
        }

        fn capture(&self, name: &str) -> String {
            self.0.get(name).cloned().unwrap_or_default()
        }
    }

    fn fixed(name: &str, value: &str) -> Fixed {
        Fixed(Captures::from([(name.into(), value.into())]))
    }

    #[test]
    fn placeholders_are_filled_and_code_stays_as_it_is() {
        let template =
            Template::new("fn main() { println!(\"{x}\") } // {cwd} {head:api} {capture.name}{capture.none}é");
        assert_eq!(template.captures().collect::<Vec<_>>(), ["name", "none"]);
        assert_eq!(
            template.fill(&fixed("name", "{cwd}")).unwrap(),
            "fn main() { println!(\"{x}\") } // /w head of api {cwd}é"
        );
    }

    #[test]
    fn a_list_of_arguments_is_made_from_the_matches_in_the_prompt() {
        let item = vec![
            (
                "thread".to_owned(),
                Arguments::Text(Template::new("{capture.id:number}")),
            ),
            ("text".to_owned(), Arguments::Text(Template::new("done {capture.id}"))),
        ];
        let arguments = Arguments::ForEach {
            pattern: Regex::new(r"\[thread (?P<id>\d+)\]").unwrap(),
            item: Box::new(Arguments::Table(item)),
        };
        let prompt = "[thread 3] mend this\n[thread 12] and this\n[thread 3] again";
        let filled = arguments
            .fill(prompt, &Fixed(Captures::new()), &|_, found| Fixed(found))
            .unwrap();
        assert_eq!(
            filled,
            json!([{ "thread": 3, "text": "done 3" }, { "thread": 12, "text": "done 12" }])
        );
    }

    #[test]
    fn a_capture_that_is_no_number_is_said() {
        let number = Arguments::Text(Template::new("{capture.id:number}"));
        let error = number
            .fill("", &fixed("id", "x"), &|_, found| Fixed(found))
            .unwrap_err();
        assert_eq!(error, "the capture id is no number: \"x\"");
    }
}
