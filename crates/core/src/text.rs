//! Texts of agents, people and repositories as they may be shown anywhere: read in the order in which they are written, and
//! without what steers a terminal.

/// Whether it is not seen and does something: a control character, or a mark that turns the direction of reading, by which
/// a text can look like another one. Ends of lines and tabs are what they seem.
pub fn is_hidden(char: char) -> bool {
    (char.is_control() && char != '\n' && char != '\t')
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with a mark for each character that is hidden, so that one sees that there was something.
pub fn cleaned(text: &str) -> String {
    text.chars()
        .map(|char| if is_hidden(char) { '\u{fffd}' } else { char })
        .collect()
}
