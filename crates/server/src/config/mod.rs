//! The configuration: built-in values, then one TOML file, then the environment, each over the one before.
//!
//! Keys that nobody knows are errors with a suggestion, and every value tells where it came from.

mod budgets;
mod check;
mod load;
mod notify;
mod settings;

pub use budgets::{Budgets, Spend};
pub use load::{ConfigError, Loaded, Origin, Value, default_file, load, variable};
pub use notify::{MailSettings, Notify, WebhookSettings};
pub use settings::{Agents, Config, Limits, Person, Sandbox, Server};
