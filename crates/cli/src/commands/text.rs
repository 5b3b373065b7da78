//! Longer texts of arguments: as they stand, from a file, or from standard input.

use std::fs;
use std::io::Read;

use crate::failure::Failure;

/// The largest text that is read, in bytes.
const MOST: u64 = 1024 * 1024;

/// A text: `-` is standard input, `@FILE` is a file, anything else is the text itself.
pub(crate) fn given(argument: &str) -> Result<String, Failure> {
    let read = match argument.strip_prefix('@') {
        _ if argument == "-" => bounded(std::io::stdin()),
        Some(file) => fs::File::open(file).and_then(bounded),
        None => return filled(argument.to_owned()),
    };
    filled(read.map_err(|error| Failure::Usage(format!("{argument} cannot be read as text: {error}")))?)
}

fn bounded(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

fn filled(text: String) -> Result<String, Failure> {
    match text.trim().is_empty() {
        true => Err(Failure::Usage("the text is empty; write something".into())),
        false => Ok(text),
    }
}

/// Asks on the terminal whether to go on with something that cannot be undone.
pub(crate) fn confirmed(yes: bool, what: &str) -> Result<(), Failure> {
    use std::io::{IsTerminal, Write};
    if yes {
        return Ok(());
    }
    let refused = || Failure::Usage(format!("{what} cannot be undone; say --yes if you mean it"));
    if !std::io::stdin().is_terminal() {
        return Err(refused());
    }
    let mut answer = String::new();
    let asked = write!(std::io::stderr(), "{what}? It cannot be undone. [y/N] ");
    asked
        .and_then(|()| std::io::stdin().read_line(&mut answer))
        .map_err(|error| Failure::Failed(error.to_string()))?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Usage("nothing was done".into())),
    }
}
