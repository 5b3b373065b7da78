//! A page of text for people, built from lines, fields and tables.

use std::fmt::{Display, Write};

use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table, presets};

/// What a text means for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// A heading.
    Strong,
    /// Beside the point.
    Faint,
    /// It is well.
    Good,
    /// A person should look.
    Attention,
    /// It is broken.
    Bad,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Attention => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
        }
    }

    fn of_cell(self, cell: Cell) -> Cell {
        match self {
            Self::Plain => cell,
            Self::Strong => cell.add_attribute(comfy_table::Attribute::Bold),
            Self::Faint => cell.add_attribute(comfy_table::Attribute::Dim),
            Self::Good => cell.fg(Color::Green),
            Self::Attention => cell.fg(Color::Yellow),
            Self::Bad => cell.fg(Color::Red),
        }
    }
}

/// A page that is being written.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    coloured: bool,
}

impl Page {
    pub(crate) fn new(coloured: bool) -> Self {
        Self {
            text: String::new(),
            coloured,
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// A text in a tone, for a part of a line.
    pub(crate) fn tinted(&self, tone: Tone, text: impl Display) -> String {
        if !self.coloured || tone == Tone::Plain {
            return text.to_string();
        }
        let style = tone.style();
        format!("{style}{text}{style:#}")
    }

    /// A line.
    pub(crate) fn line(&mut self, text: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{text}");
    }

    /// An empty line, unless the page begins here.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// A heading, with an empty line before it.
    pub(crate) fn heading(&mut self, text: impl Display) {
        self.gap();
        let heading = self.tinted(Tone::Strong, text);
        self.line(heading);
    }

    /// A name and what it stands for.
    pub(crate) fn field(&mut self, name: &str, value: impl Display) {
        let value = value.to_string();
        if value.is_empty() {
            return;
        }
        let name = self.tinted(Tone::Faint, format!("{name:<14}"));
        self.line(format!("{name}{}", value.replace('\n', "\n              ")));
    }

    /// Text of several lines, set in.
    pub(crate) fn block(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.line(format!("{:indent$}{line}", ""));
        }
    }

    /// What to do next: a command with what it does.
    pub(crate) fn next(&mut self, command: impl Display, does: &str) {
        let command = self.tinted(Tone::Strong, command);
        self.line(format!("  {command}   {does}"));
    }

    /// A table; nothing at all if it has no rows.
    pub(crate) fn table<const N: usize>(
        &mut self,
        head: [&str; N],
        rows: impl IntoIterator<Item = [(Tone, String); N]>,
    ) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if self.coloured {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(head.map(|name| Tone::Faint.of_cell(Cell::new(name))));
        for row in rows {
            table.add_row(row.map(|(tone, text)| tone.of_cell(Cell::new(text.replace('\n', " ")))));
        }
        if table.is_empty() {
            return;
        }
        for (n, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if head.get(n).is_some_and(|name| name.starts_with('#')) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in table.lines() {
            self.line(line.trim_end());
        }
    }
}
