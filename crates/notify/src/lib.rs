//! Tells people outside the app what waits for them: by webhook, and by mail.
//!
//! What is told follows from what waits: something is told once it has waited for a while, once for each person and
//! channel, together with whatever else is due. What was solved before is not told at all.

mod channel;
mod due;
mod mail;
mod webhook;

pub use channel::{Addressee, Channel, ChannelError, Notice};
pub use due::{Due, Rules, Told, Waiting};
pub use mail::{Mail, MailOptions};
pub use webhook::{Webhook, WebhookOptions};
