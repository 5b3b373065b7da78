//! Words of agents and people as markdown that says them and does nothing else.
//!
//! A pull request is read on a forge that makes links of addresses, calls people by `@name`, closes issues by `fixes #1`
//! and lets HTML through. What an agent wrote may be what somebody else wrote into a file that it read, so none of this
//! may come of it. What stays are paragraphs, lists and code between single backticks.

use std::fmt::Write;

/// Keeps two characters apart without being seen.
const APART: char = '\u{200b}';
/// The most that is taken over of one text, in characters.
const MOST: usize = 4_000;
/// The most of a text that stands in one line.
const LINE: usize = 400;

/// A text of several lines.
pub(super) fn paragraphs(text: &str) -> String {
    let mut written = String::new();
    for line in cut(&visible(text), MOST).lines() {
        let _ = writeln!(written, "{}", block(line.trim()));
    }
    written.trim_end().to_owned()
}

/// A text in one line.
pub(super) fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    begun(&cut(&visible(&words.join(" ")), LINE))
}

/// A text in one line as code: a path, a command.
pub(super) fn code(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("`{}`", cut(&visible(&words.join(" ")).replace('`', "'"), LINE))
}

/// A text of a commit's message, which is no markdown: only what a forge takes for a reference is kept from being one.
pub fn quiet(text: &str) -> String {
    let chars: Vec<char> = cut(&visible(text), MOST).chars().collect();
    let apart = |at: usize| chars[at].to_string() + if refers(&chars, at) { "\u{200b}" } else { "" };
    (0..chars.len()).map(apart).collect()
}

/// A line that may be an item of a list, and no other block.
fn block(line: &str) -> String {
    let numbered = line.split_once(". ").filter(|(number, _)| {
        let digits = number.chars().all(|c| c.is_ascii_digit());
        digits && (1..4).contains(&number.len())
    });
    match (line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")), numbered) {
        (Some(item), _) => format!("- {}", begun(item.trim())),
        (None, Some((number, item))) => format!("{number}. {}", begun(item.trim())),
        (None, None) => begun(line),
    }
}

/// The words of a line, of which the first character begins no block: no heading, fence, rule or list.
fn begun(line: &str) -> String {
    let begins = line.starts_with(['#', '=', '-', '+', '~', '*', '_']);
    let escape = if begins { "\\" } else { "" };
    format!("{escape}{}", inline(line))
}

/// Everything that markdown or a forge would make something of, made to be read only.
fn inline(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut written = String::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        if let Some(end) = span(&chars, at) {
            written.extend(&chars[at..=end]);
            at = end + 1;
            continue;
        }
        match c {
            '\\' | '`' | '[' | ']' | '|' | '$' => {
                written.push('\\');
                written.push(*c);
            }
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            c => written.push(*c),
        }
        if refers(&chars, at) {
            written.push(APART);
        }
        at += 1;
    }
    written
}

/// The end of the code that begins here: one backtick on either side, on the same line.
fn span(chars: &[char], at: usize) -> Option<usize> {
    let alone = |at: usize| {
        let beside = |other: Option<usize>| other.and_then(|other| chars.get(other)) == Some(&'`');
        chars.get(at) == Some(&'`') && !beside(at.checked_sub(1)) && !beside(Some(at + 1))
    };
    if !alone(at) {
        return None;
    }
    let end = (at + 1..chars.len()).find(|end| chars[*end] == '`')?;
    (alone(end) && end > at + 1).then_some(end)
}

/// Whether a forge would make a reference of what begins with this character: a person, an issue, an address.
fn refers(chars: &[char], at: usize) -> bool {
    let before = |text: &str| {
        let from = (at + 1).checked_sub(text.len());
        let found = from.and_then(|from| chars.get(from..=at));
        found.is_some_and(|found| {
            text.chars()
                .zip(found)
                .all(|(one, other)| one.eq_ignore_ascii_case(other))
        })
    };
    let next = |fits: fn(&char) -> bool| chars.get(at + 1).is_some_and(fits);
    let word: fn(&char) -> bool = |c| c.is_alphanumeric() || *c == '_';
    match chars[at] {
        '@' => next(word),
        '#' => next(char::is_ascii_digit as fn(&char) -> bool),
        '-' => before("gh-") && next(char::is_ascii_digit as fn(&char) -> bool),
        ':' => chars.get(at + 1) == Some(&'/') || before("mailto:") || before("xmpp:"),
        'w' | 'W' => before("www") && chars.get(at + 1) == Some(&'.'),
        _ => false,
    }
}

/// Without what cannot be seen, or turns the direction in which a line is read.
fn visible(text: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let spaced = text.replace("\r\n", "\n").replace('\t', " ");
    spaced.chars().filter(|c| !hidden(*c)).collect()
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_an_agent_call_nobody_close_nothing_and_lead_nowhere() {
        for (given, written) in [
            ("fixes #12, closes GH-7", "fixes #\u{200b}12, closes GH-\u{200b}7"),
            ("ask @ada or a@b.org", "ask @\u{200b}ada or a@\u{200b}b.org"),
            ("see https://x.org", "see https:\u{200b}//x.org"),
            ("www.x.org", "www\u{200b}.x.org"),
            ("[here](x)", "\\[here\\](x)"),
            ("![i](x)", "!\\[i\\](x)"),
            ("<b>&lt;</b>", "&lt;b&gt;&amp;lt;&lt;/b&gt;"),
            ("&#64;ada", "&amp;#\u{200b}64;ada"),
            ("a | b", "a \\| b"),
            ("`a[0] @x` and `b", "`a[0] @x` and \\`b"),
            ("``` x", "\\`\\`\\` x"),
            ("\\`@x`", "\\\\`@x`"),
            ("a\u{202e}b", "ab"),
        ] {
            assert_eq!(paragraphs(given), written, "{given}");
        }
    }

    #[test]
    fn a_text_keeps_its_paragraphs_and_lists_and_begins_no_other_block() {
        let given = "One.\n\n- a\n* b\n12. c\n    deep\n# Head\n> quoted\n---\n===\n~~~\n+ d";
        let written = "One.\n\n- a\n- b\n12. c\ndeep\n\\# Head\n&gt; quoted\n\\---\n\\===\n\\~~~\n\\+ d";
        assert_eq!(paragraphs(given), written);
        assert_eq!(line("a\n# b"), "a # b");
        assert_eq!(code("a`b\nc"), "`a'b c`");
    }

    #[test]
    fn the_message_of_a_commit_closes_nothing_either() {
        assert_eq!(quiet("Closes #1 by [a]"), "Closes #\u{200b}1 by [a]");
    }
}
