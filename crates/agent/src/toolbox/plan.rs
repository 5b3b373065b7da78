//! What must hold between the tasks of a plan whose fields are each right: keys are unique, dependencies exist, and
//! no task waits for itself. All of it is said at once, because every round with a model costs time and money.

use std::collections::{HashMap, HashSet};

use super::calls::SubmitPlan;

/// Everything that is wrong between the tasks of a plan.
pub(super) fn reasons(plan: &SubmitPlan) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut places = HashMap::new();
    for (place, task) in plan.tasks.iter().enumerate() {
        if let Some(first) = places.insert(task.key.as_str(), place) {
            reasons.push(format!(
                "tasks[{place}].key: \"{}\" is already the key of tasks[{first}]; give every task a key of its own",
                task.key
            ));
        }
    }
    for (place, task) in plan.tasks.iter().enumerate() {
        let mut seen = HashSet::new();
        for needed in &task.depends_on {
            if needed == &task.key {
                reasons.push(format!(
                    "tasks[{place}].depends_on: \"{needed}\" is the task itself; leave it out"
                ));
            } else if !places.contains_key(needed.as_str()) {
                reasons.push(format!(
                    "tasks[{place}].depends_on: no task of the plan has the key \"{needed}\"; add the task or leave it out"
                ));
            } else if !seen.insert(needed) {
                reasons.push(format!(
                    "tasks[{place}].depends_on: \"{needed}\" is named twice; name it once"
                ));
            }
        }
    }
    if reasons.is_empty()
        && let Some(cycle) = cycle(plan, &places)
    {
        reasons.push(format!(
            "tasks wait for each other in a circle: {}; remove one of these dependencies",
            cycle.join(" -> ")
        ));
    }
    reasons
}

/// A circle of dependencies, from a task over those it waits for back to itself.
fn cycle<'a>(plan: &'a SubmitPlan, places: &HashMap<&'a str, usize>) -> Option<Vec<&'a str>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnPath,
        Done,
    }

    let needs: Vec<Vec<usize>> = plan
        .tasks
        .iter()
        .map(|task| {
            let places = task.depends_on.iter().filter_map(|key| places.get(key.as_str()));
            places.copied().collect()
        })
        .collect();
    let mut marks = vec![Mark::New; needs.len()];
    for start in 0..needs.len() {
        // A path of tasks, each with how many of its dependencies were followed: no recursion, so no depth limit.
        let mut path = vec![(start, 0)];
        while let Some((task, followed)) = path.last_mut() {
            if marks[*task] == Mark::Done {
                path.pop();
                continue;
            }
            marks[*task] = Mark::OnPath;
            let Some(&next) = needs[*task].get(*followed) else {
                marks[*task] = Mark::Done;
                path.pop();
                continue;
            };
            *followed += 1;
            match marks[next] {
                Mark::New => path.push((next, 0)),
                Mark::Done => {}
                Mark::OnPath => {
                    let circle = path.iter().map(|(task, _)| *task).skip_while(|task| *task != next);
                    let names = circle.chain([next]).map(|task| plan.tasks[task].key.as_str());
                    return Some(names.collect());
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(tasks: &[(&str, &[&str])]) -> SubmitPlan {
        let tasks: Vec<_> = tasks
            .iter()
            .map(|(key, needs)| {
                json!({
                    "key": key, "title": "T", "what": "W", "why": "Y", "acceptance_criteria": ["A"],
                    "depends_on": needs, "estimate_minutes": 5, "specialty": "backend", "repositories": ["app"],
                })
            })
            .collect();
        serde_json::from_value(json!({ "prd": "# P", "tasks": tasks })).unwrap()
    }

    #[test]
    fn a_diamond_of_tasks_is_a_plan() {
        let diamond = plan(&[("d", &["b", "c"]), ("b", &["a"]), ("c", &["a"]), ("a", &[])]);
        assert_eq!(reasons(&diamond), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_wrong_with_the_dependencies_is_said_at_once() {
        let wrong = plan(&[("a", &["a", "ghost"]), ("b", &["a", "a"]), ("b", &[])]);
        insta::assert_snapshot!(reasons(&wrong).join("\n"), @r#"
        tasks[2].key: "b" is already the key of tasks[1]; give every task a key of its own
        tasks[0].depends_on: "a" is the task itself; leave it out
        tasks[0].depends_on: no task of the plan has the key "ghost"; add the task or leave it out
        tasks[1].depends_on: "a" is named twice; name it once
        "#);
    }

    #[test]
    fn a_circle_is_named_by_its_tasks_only() {
        let circle = plan(&[
            ("lead-in", &["a"]),
            ("a", &["b"]),
            ("b", &["c"]),
            ("c", &["a"]),
            ("d", &[]),
        ]);
        assert_eq!(
            reasons(&circle),
            ["tasks wait for each other in a circle: a -> b -> c -> a; remove one of these dependencies"]
        );
    }

    #[test]
    fn a_chain_of_five_hundred_tasks_is_checked_without_recursion() {
        let keys: Vec<String> = (0..500).map(|n| format!("t{n}")).collect();
        let needs: Vec<Vec<&str>> = (0..500)
            .map(|n| keys[n + 1..].iter().take(1).map(String::as_str).collect())
            .collect();
        let tasks: Vec<(&str, &[&str])> = keys
            .iter()
            .zip(&needs)
            .map(|(key, needs)| (key.as_str(), needs.as_slice()))
            .collect();
        assert_eq!(reasons(&plan(&tasks)), Vec::<String>::new());
    }
}
