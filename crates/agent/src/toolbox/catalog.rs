//! The tools of each role: name, description with an example, schema, and the typed call behind them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::calls::{
    AskOwner, AskQuestion, AwaitTasks, CompleteTask, DelegateTask, GiveUpTask, ReportProgress, SubmitPlan, ToolCall,
};
use super::memory::{Recall, Remember};
use super::{plan, schema};

/// The tools that one session may see; those outside of its role are not listed and not known.
#[derive(Debug, Clone)]
pub struct ToolSet {
    tools: Vec<Tool>,
}

impl ToolSet {
    /// What a planner may ask.
    pub fn planner() -> Self {
        Self {
            tools: vec![submit_plan(), ask_question(), report_progress(), remember(), recall()],
        }
    }

    /// What a specialist may ask.
    pub fn specialist() -> Self {
        Self {
            tools: vec![
                ask_owner(),
                report_progress(),
                delegate_task(),
                await_tasks(),
                give_up_task(),
                remember(),
                recall(),
                complete_task(),
            ],
        }
    }

    /// The names of the tools, in the order in which they are listed.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.tools.iter().map(|tool| tool.name)
    }

    /// The tools for a listing.
    pub(super) fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The call that these arguments make, or all reasons why they make none.
    pub(super) fn call(&self, name: &str, arguments: Value) -> Result<ToolCall, Vec<String>> {
        let Some(tool) = self.tools.iter().find(|tool| tool.name == name) else {
            let known: Vec<&str> = self.names().collect();
            let name: String = name.chars().take(60).collect();
            return Err(vec![format!(
                "there is no tool \"{name}\" here; use one of {}",
                known.join(", ")
            )]);
        };
        tool.call(arguments)
    }
}

/// One tool of the engine.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) schema: Arc<Map<String, Value>>,
    parse: fn(Value) -> Result<ToolCall, Vec<String>>,
}

impl Tool {
    fn new<T: JsonSchema>(
        name: &'static str,
        description: &'static str,
        parse: fn(Value) -> Result<ToolCall, Vec<String>>,
    ) -> Self {
        Self {
            name,
            description,
            schema: Arc::new(schema::of::<T>()),
            parse,
        }
    }

    fn call(&self, mut arguments: Value) -> Result<ToolCall, Vec<String>> {
        schema::without_nulls(&mut arguments);
        let reasons = schema::reasons(&self.schema, &arguments);
        if reasons.is_empty() {
            (self.parse)(arguments)
        } else {
            Err(reasons)
        }
    }
}

/// Begins the reason of what the schema should have refused; no call is known to come this far.
const UNREADABLE: &str = "the arguments cannot be read";

fn typed<T: DeserializeOwned>(arguments: Value) -> Result<T, Vec<String>> {
    serde_json::from_value(arguments).map_err(|error| vec![format!("{UNREADABLE}: {error}")])
}

fn submit_plan() -> Tool {
    Tool::new::<SubmitPlan>(
        "submit_plan",
        "Hand in the plan of this sprint for approval: the product requirements and all tasks with their dependencies. \
         Submit again to revise it; the new plan replaces the old one whole, and tasks keep their keys. Example: \
         {\"prd\": \"# Search\\n\\n## Goal\\nPeople find a note by a word in it.\\n\\n## Summary\\n…\", \"tasks\": \
         [{\"key\": \"index\", \"title\": \"Keep an index of words\", \"what\": \"…\", \"why\": \"Searching every file \
         takes seconds.\", \"acceptance_criteria\": [\"A changed note is found by its new words\"], \"depends_on\": [], \
         \"estimate_minutes\": 40, \"priority\": \"high\", \"specialty\": \"backend\", \"repositories\": [\"notes\"], \
         \"paths\": [\"src/index/\"]}, {\"key\": \"search-box\", \"depends_on\": [\"index\"], …}]}",
        |arguments| {
            let plan: SubmitPlan = typed(arguments)?;
            let reasons = plan::reasons(&plan);
            if reasons.is_empty() {
                Ok(ToolCall::SubmitPlan(plan))
            } else {
                Err(reasons)
            }
        },
    )
}

fn ask_question() -> Tool {
    Tool::new::<AskQuestion>(
        "ask_question",
        "Ask the people of this sprint what you need to know to plan it. The answer comes with a later prompt: ask all \
         that you need to know, one question per call, and then end your turn. Example: {\"question\": \"Should search \
         also cover archived notes?\", \"why\": \"It doubles the size of the index.\", \"options\": [\"Yes\", \"No\"], \
         \"kind\": \"scope\"}",
        |arguments| typed(arguments).map(ToolCall::AskQuestion),
    )
}

fn ask_owner() -> Tool {
    Tool::new::<AskOwner>(
        "ask_owner",
        "Ask the owner of this task something that you cannot find out or decide yourself. The answer comes with a \
         later prompt: commit what you have and end your turn. Example: {\"question\": \"The old format has no \
         version field. May I treat such files as version 1?\", \"options\": [\"Yes\", \"No, refuse them\"]}",
        |arguments| typed(arguments).map(ToolCall::AskOwner),
    )
}

fn report_progress() -> Tool {
    Tool::new::<ReportProgress>(
        "report_progress",
        "Say in a sentence how far you are, whenever a step is done. People watch it; nobody answers. Example: \
         {\"text\": \"The parser works, its tests come next.\", \"percent\": 60}",
        |arguments| typed(arguments).map(ToolCall::ReportProgress),
    )
}

fn delegate_task() -> Tool {
    Tool::new::<DelegateTask>(
        "delegate_task",
        "Hand a part of this task that is of another field to the agent of that field. Commit first what it builds on: \
         it sees your branch as it is committed now, and delivers to a branch of its own. Delegate all parts that can be \
         done at the same time, then call await_tasks. Example: {\"title\": \"Show the balance on the account page\", \
         \"brief\": \"The endpoint GET /balance is there, see src/api/balance.rs. Show …\", \"acceptance_criteria\": \
         [\"The page shows the balance in the account's currency\"], \"specialty\": \"frontend\", \
         \"estimate_minutes\": 30}",
        |arguments| typed(arguments).map(ToolCall::DelegateTask),
    )
}

fn await_tasks() -> Tool {
    Tool::new::<AwaitTasks>(
        "await_tasks",
        "Wait for everything that you delegated. What came of each part begins your next turn, in this conversation: \
         commit what you have, call this, and end your turn. Example: {}",
        |arguments| typed(arguments).map(ToolCall::AwaitTasks),
    )
}

fn give_up_task() -> Tool {
    Tool::new::<GiveUpTask>(
        "give_up_task",
        "Go on without a subtask that failed, because you do it yourself or it is not needed. Example: {\"task\": 14, \
         \"reason\": \"The page shows the balance already; only its label was wrong, which I mended.\"}",
        |arguments| typed(arguments).map(ToolCall::GiveUpTask),
    )
}

fn remember() -> Tool {
    Tool::new::<Remember>(
        "remember",
        "Keep something that you learnt and that whoever works here later will need: a decision with its reason, a convention, \
         a pitfall, or a command that works. Leave out what the repository's files say, what holds for this task alone, and \
         every secret. Where it contradicts a memory that you were told, name that one. Example: {\"kind\": \"pitfall\", \
         \"text\": \"The tests of the parser need LANG=C; with another locale the sort order differs.\", \"repository\": \
         \"notes\", \"path\": \"src/parser\", \"evidence\": \"cargo test -p parser failed with LANG=de_DE and passed with \
         LANG=C\"}",
        |arguments| typed(arguments).map(ToolCall::Remember),
    )
}

fn recall() -> Tool {
    Tool::new::<Recall>(
        "recall",
        "Look up what was learnt here before: decisions, conventions, pitfalls and commands. What seemed most useful for your \
         task stood in the prompt; ask when you come to something that it did not foresee. Example: {\"question\": \"how are \
         database migrations tested\", \"repository\": \"notes\"}",
        |arguments| typed(arguments).map(ToolCall::Recall),
    )
}

fn complete_task() -> Tool {
    Tool::new::<CompleteTask>(
        "complete_task",
        "Hand in this task when all of its acceptance criteria hold and everything is committed. Your words become \
         the description of the pull request. After a review, answer every thread that the prompt lists. Example: \
         {\"summary_what\": \"Adds an index of words, kept up to date on save.\", \"summary_why\": \"A scan of all \
         files took 4 s; a lookup takes 2 ms.\", \"tests\": [{\"command\": \"cargo test\", \"outcome\": \"passed\"}], \
         \"answers\": [{\"thread\": 7, \"commit\": \"<all 40 digits>\", \"text\": \"Empty input is refused now.\"}]}",
        |arguments| typed(arguments).map(ToolCall::CompleteTask),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn each_role_has_its_own_tools() {
        assert_eq!(
            ToolSet::planner().names().collect::<Vec<_>>(),
            ["submit_plan", "ask_question", "report_progress", "remember", "recall"]
        );
        assert_eq!(
            ToolSet::specialist().names().collect::<Vec<_>>(),
            [
                "ask_owner",
                "report_progress",
                "delegate_task",
                "await_tasks",
                "give_up_task",
                "remember",
                "recall",
                "complete_task"
            ]
        );
        let refused = ToolSet::planner().call("complete_task", json!({})).unwrap_err();
        assert_eq!(
            refused,
            [
                "there is no tool \"complete_task\" here; use one of submit_plan, ask_question, report_progress, remember, recall"
            ]
        );
    }

    #[test]
    fn the_example_in_a_description_is_accepted() {
        for tool in ToolSet::planner().tools.iter().chain(&ToolSet::specialist().tools) {
            let (_, example) = tool.description.split_once("Example: ").expect(tool.name);
            let example = example
                .replace(", {\"key\": \"search-box\", \"depends_on\": [\"index\"], …}", "")
                .replace("<all 40 digits>", &"a".repeat(40));
            let arguments = serde_json::from_str(&example).expect(&example);
            tool.call(arguments)
                .unwrap_or_else(|reasons| panic!("{}: {reasons:?}", tool.name));
        }
    }

    #[test]
    fn calls_are_typed_and_read_back_from_json() {
        let call = ToolSet::specialist()
            .call("report_progress", json!({ "text": "half", "percent": 50 }))
            .unwrap();
        let stored = serde_json::to_value(&call).unwrap();
        assert_eq!(
            stored,
            json!({ "tool": "report_progress", "arguments": { "text": "half", "percent": 50 } })
        );
        assert_eq!(serde_json::from_value::<ToolCall>(stored).unwrap(), call);
    }

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            let lists = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
            let tables = prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4);
            prop_oneof![
                lists,
                tables.prop_map(|fields| Value::Object(fields.into_iter().collect()))
            ]
        })
    }

    /// Puts a value at the `n`th place of a document, and says whether there was such a place.
    fn put(document: &mut Value, n: &mut usize, value: &Value) -> bool {
        if *n == 0 {
            *document = value.clone();
            return true;
        }
        *n -= 1;
        match document {
            Value::Object(fields) => fields.values_mut().any(|field| put(field, n, value)),
            Value::Array(items) => items.iter_mut().any(|item| put(item, n, value)),
            _ => false,
        }
    }

    proptest! {
        /// The types never refuse what the schema has let through: a model never reads a parser's complaint.
        #[test]
        fn the_schema_says_all_that_the_types_would(place in 0_usize..30, value in anything()) {
            let task = json!({ "key": "a", "title": "t", "what": "w", "why": "y", "acceptance_criteria": ["c"],
                "depends_on": [], "estimate_minutes": 5, "priority": "low", "specialty": "backend",
                "repositories": ["app"], "paths": ["p"] });
            let done = json!({ "summary_what": "w", "summary_why": "y",
                "tests": [{ "command": "c", "outcome": "passed", "detail": "d" }],
                "answers": [{ "thread": 1, "commit": "a".repeat(40), "text": "t" }] });
            let calls = [("submit_plan", json!({ "prd": "p", "tasks": [task] })), ("complete_task", done),
                ("remember", json!({ "kind": "pitfall", "text": "eight or more", "repository": "app", "path": "p",
                    "evidence": "e", "supersedes": 3 })), ("recall", json!({ "question": "q", "repository": "app", "path": "p" })),
                ("report_progress", json!({ "text": "t", "percent": 5 })), ("give_up_task", json!({ "task": 3, "reason": "r" })),
                ("delegate_task", json!({ "title": "t", "brief": "b", "acceptance_criteria": ["c"], "specialty": "docs",
                    "agent": "writer", "repositories": ["app"], "paths": ["p"], "estimate_minutes": 5, "instead_of": 3 }))];
            for (tool, mut arguments) in calls {
                put(&mut arguments, &mut place.clone(), &value);
                for role in [ToolSet::planner(), ToolSet::specialist()] {
                    for reason in role.call(tool, arguments.clone()).err().into_iter().flatten() {
                        prop_assert!(!reason.starts_with(UNREADABLE), "{reason}: {arguments}");
                    }
                }
            }
        }
    }
}
