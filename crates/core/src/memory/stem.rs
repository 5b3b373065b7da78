//! Stems of English words, by M. F. Porter's algorithm of 1980 (<https://tartarus.org/martin/PorterStemmer/>).
//!
//! It lies here and not in the databases, so that each of them finds the same.

/// The stem of a word in lower case. Words with anything but `a` to `z` in them are their own.
pub(super) fn stem(word: &str) -> String {
    if word.len() < 3 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let mut word = Word(word.to_owned());
    word.plurals();
    word.past_and_progressive();
    if word.0.ends_with('y') && has_vowel(word.before("y")) {
        word.swap("y", "i");
    }
    word.first_of(LONG, 0);
    word.first_of(MIDDLE, 0);
    word.endings();
    word.final_e();
    word.0
}

const LONG: &[(&str, &str)] = &[
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("abli", "able"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
];
const MIDDLE: &[(&str, &str)] = &[
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
];
const ENDINGS: &[&str] = &[
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion",
    "al", "er", "ic", "ou",
];

struct Word(String);

impl Word {
    /// What stands before an ending; the whole word if it has another.
    fn before(&self, ending: &str) -> &str {
        self.0.strip_suffix(ending).unwrap_or(&self.0)
    }

    fn swap(&mut self, ending: &str, other: &str) {
        self.0.truncate(self.before(ending).len());
        self.0.push_str(other);
    }

    fn plurals(&mut self) {
        if self.0.ends_with("sses") {
            self.swap("es", "");
        } else if self.0.ends_with("ies") {
            self.swap("ies", "i");
        } else if self.0.ends_with('s') && !self.0.ends_with("ss") {
            self.swap("s", "");
        }
    }

    fn past_and_progressive(&mut self) {
        if self.0.ends_with("eed") {
            if measure(self.before("eed")) > 0 {
                self.swap("eed", "ee");
            }
            return;
        }
        let Some(ending) = ["ed", "ing"].into_iter().find(|ending| self.0.ends_with(ending)) else {
            return;
        };
        if !has_vowel(self.before(ending)) {
            return;
        }
        self.swap(ending, "");
        if ["at", "bl", "iz"].iter().any(|ending| self.0.ends_with(ending)) {
            self.0.push('e');
        } else if is_doubled(&self.0) && !self.0.ends_with(['l', 's', 'z']) {
            self.0.pop();
        } else if measure(&self.0) == 1 && is_short(&self.0) {
            self.0.push('e');
        }
    }

    /// Replaces the first ending that the word has, if enough stands before it.
    fn first_of(&mut self, endings: &[(&str, &str)], more_than: usize) {
        let found = endings.iter().find(|(ending, _)| self.0.ends_with(ending));
        if let Some((ending, other)) = found
            && measure(self.before(ending)) > more_than
        {
            self.swap(ending, other);
        }
    }

    fn endings(&mut self) {
        let Some(ending) = ENDINGS.iter().find(|ending| self.0.ends_with(**ending)) else {
            return;
        };
        let before = self.before(ending);
        if measure(before) > 1 && (*ending != "ion" || before.ends_with(['s', 't'])) {
            self.swap(ending, "");
        }
    }

    fn final_e(&mut self) {
        if self.0.ends_with('e') {
            let before = self.before("e");
            let measured = measure(before);
            if measured > 1 || (measured == 1 && !is_short(before)) {
                self.swap("e", "");
            }
        }
        if measure(&self.0) > 1 && self.0.ends_with("ll") {
            self.0.pop();
        }
    }
}

/// Whether each letter is a vowel; `y` is one after a consonant.
fn vowels(word: &str) -> impl Iterator<Item = bool> {
    let mut before = true;
    word.bytes().map(move |letter| {
        let vowel = match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => true,
            b'y' => !before,
            _ => false,
        };
        before = vowel;
        vowel
    })
}

fn has_vowel(word: &str) -> bool {
    vowels(word).any(|vowel| vowel)
}

/// How often a consonant follows on a vowel.
fn measure(word: &str) -> usize {
    let all: Vec<bool> = vowels(word).collect();
    all.windows(2).filter(|pair| pair[0] && !pair[1]).count()
}

fn is_doubled(word: &str) -> bool {
    let mut last = word.bytes().rev();
    let (a, b) = (last.next(), last.next());
    a.is_some() && a == b && vowels(word).last() == Some(false)
}

/// Whether it ends in consonant, vowel and consonant, the last of which is not `w`, `x` or `y`.
fn is_short(word: &str) -> bool {
    let all: Vec<bool> = vowels(word).collect();
    all.ends_with(&[false, true, false]) && !word.ends_with(['w', 'x', 'y'])
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for forms in [
            &["migrate", "migrates", "migrating", "migration", "migrations"][..],
            &["connect", "connected", "connecting", "connection", "connections"],
            &["retry", "retries", "retried"],
            &["index", "indexes", "indexing"],
            &["cache", "caches", "cached", "caching"],
            &["deploy", "deployed", "deploying"],
            &["test", "tests", "testing", "tested"],
        ] {
            let stems: Vec<String> = forms.iter().map(|word| stem(word)).collect();
            assert!(stems.iter().all(|one| *one == stems[0]), "{stems:?}");
        }
    }

    #[test]
    fn the_examples_of_the_publication_come_out_as_there() {
        for (word, expected) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("bled", "bled"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("filing", "file"),
            ("happy", "happi"),
            ("sky", "sky"),
            ("relational", "relat"),
            ("conditional", "condit"),
            ("vietnamization", "vietnam"),
            ("electrical", "electr"),
            ("hopeful", "hope"),
            ("adjustable", "adjust"),
            ("replacement", "replac"),
            ("adoption", "adopt"),
            ("probate", "probat"),
            ("rate", "rate"),
            ("roll", "roll"),
            ("controll", "control"),
            ("utf8", "utf8"),
            ("größen", "größen"),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
    }
}
