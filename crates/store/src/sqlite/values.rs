//! How values stand in columns. What cannot be read back is reported as damage of the file, never guessed.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use crate::LARGEST_PAGE;

/// A value as JSON text.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// JSON text as a value.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The JSON text of a column as a value.
pub(super) fn json_column<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error> {
    from_json(row.try_get(column)?)
}

/// The text of a column as a name.
pub(super) fn name_column<T>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    parse(row.try_get(column)?)
}

/// The text of a column as a name, if there is one.
pub(super) fn optional_name_column<T>(row: &SqliteRow, column: &str) -> Result<Option<T>, sqlx::Error>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.try_get::<Option<&str>, _>(column)?.map(parse).transpose()
}

/// A text as a name.
pub(super) fn parse<T>(text: &str) -> Result<T, sqlx::Error>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The number of rows that a call may read.
pub(super) fn page(limit: u32) -> i64 {
    i64::from(limit.min(LARGEST_PAGE))
}

/// The first text after all that begin with `prefix`, if there is one.
pub(super) fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// Adds `AND <column> = <value>` if there is a value.
pub(super) fn and_equals(query: &mut QueryBuilder<Sqlite>, column: &'static str, value: Option<impl Display>) {
    if let Some(value) = value {
        query
            .push(" AND ")
            .push(column)
            .push(" = ")
            .push_bind(value.to_string());
    }
}

/// Adds `AND <column> IN (<values>)` if there are any.
pub(super) fn and_in(query: &mut QueryBuilder<Sqlite>, column: &'static str, values: &[String]) {
    if !values.is_empty() {
        query.push(" AND ").push(column).push(" IN (");
        let mut list = query.separated(", ");
        for value in values {
            list.push_bind(value.clone());
        }
        query.push(")");
    }
}

/// Adds `AND <column> BETWEEN` the texts that begin with `prefix`, if there is one.
pub(super) fn and_begins(query: &mut QueryBuilder<Sqlite>, column: &'static str, prefix: Option<&str>) {
    let Some(prefix) = prefix else { return };
    query
        .push(" AND ")
        .push(column)
        .push(" >= ")
        .push_bind(prefix.to_owned());
    if let Some(end) = end_of_prefix(prefix) {
        query.push(" AND ").push(column).push(" < ").push_bind(end);
    }
}

#[cfg(test)]
mod tests {
    use super::end_of_prefix;

    #[test]
    fn the_end_of_a_prefix_is_the_first_text_without_it() {
        assert_eq!(end_of_prefix("sprint/").as_deref(), Some("sprint0"));
        assert_eq!(end_of_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(end_of_prefix("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(end_of_prefix(""), None);
    }
}
