//! What commands print: text for people, or JSON for programs.

mod page;
mod time;

use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;

pub(crate) use page::{Page, Tone};
pub(crate) use time::{ago, clock, span, until};

use crate::client::Reply;
use crate::failure::Failure;

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// Whether it is used, given whether a person looks and whether the environment says that it is unwanted. Whoever
    /// asks for it on the command line has the last word.
    fn is_used(self, interactive: bool, unwanted: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => interactive && !unwanted,
        }
    }
}

/// How a command shows what it found.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print JSON for programs: one value, or one on each line where things are followed.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Whether to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

impl Output {
    /// Whether standard output is coloured.
    pub(crate) fn coloured(self) -> bool {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.color.is_used(self.interactive(), unwanted)
    }

    /// Whether a person looks at standard output now.
    pub(crate) fn interactive(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Shows an answer: as it came for programs, drawn for people.
    pub(crate) fn show<T>(self, reply: &Reply<T>, draw: impl FnOnce(&T, &mut Page)) -> Result<(), Failure> {
        if self.json {
            return self.line(&reply.raw);
        }
        self.page(|page| draw(&reply.item, page))
    }

    /// Shows something that this program found out by itself.
    pub(crate) fn value(self, value: &impl Serialize, draw: impl FnOnce(&mut Page)) -> Result<(), Failure> {
        if self.json {
            return self.line(value);
        }
        self.page(draw)
    }

    /// Prints a page for people.
    pub(crate) fn page(self, draw: impl FnOnce(&mut Page)) -> Result<(), Failure> {
        let mut page = Page::new(self.coloured());
        draw(&mut page);
        put(page.text().as_bytes())
    }

    /// Prints a value as one line of JSON.
    pub(crate) fn line(self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_vec(value).map_err(|error| Failure::Failed(error.to_string()))?;
        text.push(b'\n');
        put(&text)
    }

    /// Warns, beside the result; also whoever reads JSON.
    pub(crate) fn warn(self, text: &str) {
        let _ = writeln!(io::stderr(), "warning: {text}");
    }

    /// Tells of progress, beside the result.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            // Nobody who does not read it misses it.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
}

/// Prints a line for a program that goes on whether or not anybody reads it; whether somebody does.
pub(crate) fn told(line: &str) -> bool {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}

/// Writes to standard output. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn put(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::Failed(format!("the output cannot be written: {error}"))),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_people_who_want_them() {
        for (interactive, unwanted) in [(true, true), (true, false), (false, true), (false, false)] {
            assert_eq!(Colour::Auto.is_used(interactive, unwanted), interactive && !unwanted);
            assert!(Colour::Always.is_used(interactive, unwanted));
            assert!(!Colour::Never.is_used(interactive, unwanted));
        }
    }
}
