//! A request as the model understands it, whichever API it came by.

/// What was said so far, and what the agent offers.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// Each message of the user.
    pub(super) said: Vec<String>,
    /// Each answer of a tool.
    pub(super) results: Vec<String>,
    pub(super) system: String,
    pub(super) tools: Vec<Tool>,
    /// How often tools have answered since the user spoke; answers to calls made at once count as one.
    pub(super) rounds: usize,
    /// The number of items, which only grows as a conversation goes on.
    pub(super) items: usize,
    answering: bool,
}

/// A tool that the agent offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tool {
    pub(super) name: String,
    /// The group it belongs to, for agents that group their tools.
    pub(super) namespace: Option<String>,
    /// Whether it takes free text instead of JSON.
    pub(super) free: bool,
}

impl Tool {
    pub(super) fn function(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: None,
            free: false,
        }
    }
}

impl Conversation {
    pub(super) fn user_says(&mut self, text: String) {
        self.items += 1;
        // Agents slip reminders of their own between the user's messages: nobody spoke.
        if only_reminders(&text) {
            return;
        }
        self.said.push(text);
        self.rounds = 0;
        self.answering = false;
    }

    pub(super) fn model_says(&mut self) {
        self.items += 1;
        self.answering = false;
    }

    pub(super) fn tool_answers(&mut self, text: String) {
        self.items += 1;
        self.results.push(text);
        if !self.answering {
            self.rounds += 1;
            self.answering = true;
        }
    }

    pub(super) fn system_says(&mut self, text: &str) {
        if !self.system.is_empty() {
            self.system.push('\n');
        }
        self.system.push_str(text);
    }

    pub(super) fn last_said(&self) -> &str {
        self.said.last().map_or("", String::as_str)
    }

    /// Everything in which a capture is searched, best first.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let (said, results) = (self.said.iter().rev(), self.results.iter().rev());
        said.chain(results)
            .map(String::as_str)
            .chain(std::iter::once(self.system.as_str()))
    }
}

fn only_reminders(text: &str) -> bool {
    let mut rest = text.trim();
    while let Some(inner) = rest.strip_prefix("<system-reminder>") {
        let Some(end) = inner.find("</system-reminder>") else {
            return false;
        };
        rest = inner[end + "</system-reminder>".len()..].trim_start();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_to_calls_made_at_once_are_one_round() {
        let mut talk = Conversation::default();
        talk.user_says("go".into());
        talk.model_says();
        talk.tool_answers("a".into());
        talk.tool_answers("b".into());
        talk.model_says();
        talk.tool_answers("c".into());
        assert_eq!(talk.rounds, 2);
        talk.user_says("<system-reminder>be brief</system-reminder>\n".into());
        assert_eq!((talk.rounds, talk.last_said()), (2, "go"));
        talk.user_says("<system-reminder>be brief</system-reminder>\nnow this".into());
        assert_eq!(talk.rounds, 0);
    }

    #[test]
    fn captures_are_searched_in_the_newest_words_of_the_user_first() {
        let mut talk = Conversation::default();
        talk.system_says("s");
        talk.user_says("one".into());
        talk.tool_answers("r".into());
        talk.user_says("two".into());
        assert_eq!(talk.texts().collect::<Vec<_>>(), ["two", "one", "r", "s"]);
    }
}
