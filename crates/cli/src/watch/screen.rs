//! The screen: the graph of tasks, what waits for people, and what happened last.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, List, ListItem, ListState, Paragraph, Wrap};
use team6_core::sprint::SprintPhase;
use team6_core::trace::TraceBody;
use team6_server::api::types::SprintTask;

use super::model::{Model, Tail};
use crate::commands::task::why_in_short;

const KEYS: &str = " j/k choose   enter what its agent does   ? help   q leave ";
const HELP: &str = "j, k, arrows   choose a task
enter          what its agent does
q, escape      back, or leave
?              this help

Everything else is done by commands, such as
  team6 inbox
  team6 task show N
  team6 task review N --approve";

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    let people = u16::try_from(model.inbox.len()).unwrap_or(u16::MAX).clamp(1, 5) + 2;
    let [head, tasks, waiting, happened, foot] = Layout::vertical([
        Constraint::Length(2 + u16::from(model.forecast.is_some()) + u16::try_from(model.warnings.len()).unwrap_or(0)),
        Constraint::Min(4),
        Constraint::Length(people),
        Constraint::Percentage(30),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(header(model), head);
    match &model.tail {
        Some(tail) => draw_tail(frame, tail, tasks),
        None => draw_tasks(frame, model, tasks),
    }
    draw_waiting(frame, model, waiting);
    draw_happened(frame, model, happened);
    frame.render_widget(Paragraph::new(KEYS).style(faint()), foot);
    if model.help {
        draw_help(frame, area);
    }
}

fn faint() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn header(model: &Model) -> Paragraph<'_> {
    let sprint = &model.sprint.sprint;
    let phase = match sprint.phase {
        SprintPhase::Planning => Span::styled("planning", Color::Yellow),
        SprintPhase::Running => Span::styled("running", Color::Cyan),
        SprintPhase::Finished => Span::styled("finished", Color::Green),
        SprintPhase::Cancelled => Span::styled("cancelled", faint()),
    };
    let counts = &sprint.counts;
    let paused = if sprint.paused { ", paused" } else { "" };
    let first = Line::from(vec![
        Span::styled(format!("Sprint {} {}  ", sprint.id, sprint.title), Modifier::BOLD),
        phase,
        Span::raw(format!("{paused}  {} of {} done", counts.done, counts.tasks)),
    ]);
    let why = sprint.why.as_ref().map(why_in_short);
    let warnings = model.warnings.iter();
    let mut lines: Vec<Line<'_>> = warnings.map(|text| Line::styled(text.as_str(), Color::Red)).collect();
    lines.push(first);
    lines.extend(model.forecast.iter().map(|text| Line::raw(text.as_str())));
    lines.push(Line::styled(why.unwrap_or_default(), faint()));
    Paragraph::new(lines)
}

fn draw_tasks(frame: &mut Frame<'_>, model: &Model, area: Rect) {
    let block = Block::new().borders(Borders::TOP).title(" Tasks ");
    if model.tasks().is_empty() {
        frame.render_widget(Paragraph::new("There is no plan yet.").block(block), area);
        return;
    }
    let width = usize::from(area.width);
    let items = model.tasks().iter().map(|task| ListItem::new(task_line(task, width)));
    let list = List::new(items).block(block).highlight_style(Modifier::REVERSED);
    let mut state = ListState::default().with_selected(Some(model.selected));
    frame.render_stateful_widget(list, area, &mut state);
}

/// A task, set in by how far down the graph it is.
fn task_line(task: &SprintTask, width: usize) -> Line<'_> {
    let item = &task.task;
    let style = match item.state.as_str() {
        "done" => Style::new().fg(Color::Green),
        "failed" | "held" => Style::new().fg(Color::Red),
        "in review" | "asking its owner" => Style::new().fg(Color::Yellow),
        "in progress" => Style::new().fg(Color::Cyan),
        _ => Style::new(),
    };
    let indent = task.level.unwrap_or(0).min(8) * 2;
    let name = format!("{:indent$}{} {}", "", item.id, item.title);
    let wide = (width / 2).clamp(16, 48);
    let name = format!("{:<wide$} ", shortened(&name, wide));
    let why = item.why.as_ref().map(why_in_short);
    Line::from(vec![
        Span::raw(name),
        Span::styled(format!("{:<16} ", item.state), style),
        Span::styled(why.unwrap_or_default(), faint()),
    ])
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn draw_waiting(frame: &mut Frame<'_>, model: &Model, area: Rect) {
    let block = Block::new().borders(Borders::TOP).title(" Waits for people ");
    let lines: Vec<Line<'_>> = model
        .inbox
        .iter()
        .map(|entry| {
            let of = entry.task.map_or_else(String::new, |task| format!("task {task} "));
            Line::from(vec![
                Span::styled(format!("{:<8} ", entry.person.as_str()), Color::Yellow),
                Span::raw(format!("{of}{}: ", entry.title)),
                Span::styled(why_in_short(&entry.why), faint()),
            ])
        })
        .collect();
    let text = match lines.is_empty() {
        true => Paragraph::new(Line::styled("nothing", faint())),
        false => Paragraph::new(lines),
    };
    frame.render_widget(text.block(block), area);
}

fn draw_happened(frame: &mut Frame<'_>, model: &Model, area: Rect) {
    let rows = usize::from(area.height.saturating_sub(1));
    let skip = model.happened.len().saturating_sub(rows);
    let lines: Vec<Line<'_>> = model
        .happened
        .iter()
        .skip(skip)
        .map(|line| Line::raw(line.as_str()))
        .collect();
    let block = Block::new().borders(Borders::TOP).title(" What happens ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn draw_tail(frame: &mut Frame<'_>, tail: &Tail, area: Rect) {
    let rows = usize::from(area.height.saturating_sub(1));
    let lines: Vec<String> = tail.entries.iter().filter_map(|entry| said(&entry.body)).collect();
    let skip = lines.len().saturating_sub(rows);
    let lines: Vec<Line<'_>> = lines.into_iter().skip(skip).map(Line::raw).collect();
    let block = Block::new()
        .borders(Borders::TOP)
        .title(format!(" Attempt {} ", tail.attempt));
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// An entry of a trace in one line.
fn said(body: &TraceBody) -> Option<String> {
    let line = |mark: &str, text: &str| {
        let text = text.trim().lines().next().unwrap_or_default();
        Some(format!("{mark:<8} {text}"))
    };
    match body {
        TraceBody::Prompt { text } => line("prompt", text),
        TraceBody::Message { text } => line("agent", text),
        TraceBody::Thought { text } => line("thinks", text),
        TraceBody::ToolCall { title, status, .. } => line("tool", &format!("{title} ({status})")),
        TraceBody::Engine { tool, answer, .. } => line("engine", &format!("{tool}: {answer}")),
        TraceBody::Chat { by, text, .. } => line(by, text),
        TraceBody::Stderr { text } => line("stderr", text),
        TraceBody::Note { text, .. } => line("note", text),
        TraceBody::TurnEnded { reason } => line("turn", &format!("ended: {reason}")),
        TraceBody::Permission { title, answer, .. } => line("allowed", &format!("{title}: {answer}")),
        TraceBody::Steps { .. } | TraceBody::Usage(_) | TraceBody::Raw { .. } => None,
    }
}

fn draw_help(frame: &mut Frame<'_>, area: Rect) {
    let height = u16::try_from(HELP.lines().count()).unwrap_or(u16::MAX) + 2;
    let width = 50.min(area.width);
    let height = height.min(area.height);
    let middle = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, middle);
    let text = Paragraph::new(HELP).wrap(Wrap { trim: false });
    frame.render_widget(text.block(Block::bordered().title(" Keys ")), middle);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::json;

    use super::*;

    fn model() -> Model {
        let task = |id: u32, title: &str, state: &str, level: u32| {
            json!({
                "task": {
                    "id": id, "sprint": 3, "title": title, "state": state, "owner": "ada", "agent": "claude",
                    "since": 0, "attempts": 1, "approved": true,
                    "why": { "text": "waits for review", "reason": { "reason": "review", "deliveries": 1 },
                        "actor": { "actor": "person", "name": "ada" }, "since": 0, "by": null },
                },
                "key": format!("t{id}"), "depends_on": [], "level": level, "estimate_minutes": 5, "in_plan": true,
            })
        };
        let sprint = json!({
            "sprint": {
                "id": 3, "project": "shop", "title": "Payments", "lead": "ada", "phase": "running", "since": 0,
                "paused": false, "newest": 1, "approved": 1, "why": null,
                "counts": { "tasks": 2, "waiting": 1, "running": 0, "review": 1, "stuck": 0, "done": 0, "cancelled": 0 },
            },
            "version": 9, "goal": "g", "planner": "claude", "opened_at": 0, "pause": null, "plan": null,
            "approval": null, "agents": [], "questions": [], "messages": [], "attempts": [],
            "tasks": [task(12, "Later", "waiting", 1), task(11, "A title that goes on and on and on and on and on", "in review", 0)],
            "critical_path": [],
        });
        Model::new(serde_json::from_value(sprint).unwrap(), Vec::new())
    }

    fn screen(model: &Model, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, model)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn tasks_stand_in_the_order_of_the_graph() {
        let mut model = model();
        let shown = screen(&model, 80, 24);
        let (first, second) = (shown.find("11 A title").unwrap(), shown.find("  12 Later").unwrap());
        assert!(
            first < second && shown.contains("on a…") && shown.contains("Waits for people"),
            "{shown}"
        );
        model.select(1);
        assert_eq!(model.selected_task().unwrap().to_string(), "12");
        model.select(7);
        let again = model.sprint.clone();
        model.renew(again, Vec::new());
        assert_eq!(
            model.selected_task().unwrap().to_string(),
            "12",
            "what is chosen stays chosen"
        );
    }

    #[test]
    fn what_everybody_should_know_stands_above_all() {
        let mut model = model();
        model.warnings = vec!["agents run without a sandbox".into()];
        let shown = screen(&model, 80, 24);
        let first = shown.lines().next().unwrap();
        assert!(first.contains("agents run without a sandbox"), "{shown}");
        assert!(shown.contains("Sprint 3 Payments") && shown.contains("1"), "{shown}");
    }

    #[test]
    fn a_task_says_by_when_it_goes_on() {
        let mut model = model();
        let now = team6_core::time::Timestamp(jiff::Timestamp::now().as_millisecond());
        let why = model.sprint.tasks[0].task.why.as_mut().unwrap();
        why.since = now;
        why.by = Some(now + std::time::Duration::from_secs(330));
        let shown = screen(&model, 160, 24);
        assert!(shown.contains("(just now, looked at again in 5 min)"), "{shown}");
    }

    #[test]
    fn every_size_of_terminal_can_be_drawn_on() {
        let mut model = model();
        for help in [false, true] {
            model.help = help;
            for (width, height) in [(1, 1), (5, 3), (20, 5), (80, 24), (300, 90)] {
                screen(&model, width, height);
            }
        }
    }
}
