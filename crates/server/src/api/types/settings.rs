//! What the server is configured with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingItem {
    /// Its key, such as `server.listen`.
    pub key: String,
    /// The value as the file would have it; empty if there is none.
    pub value: String,
    /// Where it came from.
    pub origin: SettingOrigin,
    /// The file or the variable that says so, if one does.
    pub place: Option<String>,
    /// The variable that would set it over everything else.
    pub variable: String,
}

/// Where a value of the configuration came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingOrigin {
    /// It is built in.
    BuiltIn,
    /// Nowhere: there is no value, and none is needed.
    NotSet,
    /// The configuration file.
    File,
    /// An environment variable.
    Environment,
}
