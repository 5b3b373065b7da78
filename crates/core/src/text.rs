//! Texts of agents, people and repositories as they may be shown anywhere: read in the order in which they are written, and
//! without what steers a terminal.

/// Whether it is not seen and does something: a control character, or a mark that turns the direction of reading, by which
/// a text can look like another one. Ends of lines and tabs are what they seem.
pub fn is_hidden(char: char) -> bool {
    (char.is_control() && char != '\n' && char != '\t')
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether it is no part of a line that people read at a glance, such as a title: hidden, the end of a line, or a mark
/// without width that joins nothing.
pub fn is_out_of_line(char: char) -> bool {
    is_hidden(char)
        || matches!(
            char,
            '\n' | '\t' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}'
        )
}

/// The text as one line, with a space for whatever is no part of it.
pub fn in_line(text: &str) -> String {
    let seen = text.chars().map(|char| if is_out_of_line(char) { ' ' } else { char });
    seen.collect::<String>().trim().to_owned()
}

/// The text with a mark for each character that is hidden, so that one sees that there was something.
pub fn cleaned(text: &str) -> String {
    text.chars()
        .map(|char| if is_hidden(char) { '\u{fffd}' } else { char })
        .collect()
}
