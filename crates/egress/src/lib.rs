//! The one way out of a sandbox.
//!
//! The sandbox has no network. A unix socket is shown to it, and behind the socket this proxy runs in the engine's own
//! process: it tunnels (`CONNECT host:port`) and forwards (`GET http://host/path`) to what is listed, resolves names
//! itself, connects to exactly the address that it decided on, and records everything. Models whose credential must not
//! enter the sandbox are reached by gateways, which put the credential in on this side; programs that know no proxy ask them
//! in a tunnel.
//!
//! What may be connected to is decided by [`Rules`] alone, without IO.

mod address;
mod body;
mod connection;
mod forward;
mod gateway;
mod headers;
mod host;
mod mask;
mod meter;
mod opening;
mod options;
mod range;
mod record;
mod refusal;
mod resolver;
mod rules;
mod session;
mod target;
mod tls;
mod tunnel;
mod upstream;

pub use address::AddressKind;
pub use gateway::{GATEWAYS, Gateway, GatewayError, Secret};
pub use host::{Host, HostError, Name};
pub use options::Options;
pub use record::{Failure, Outcome, Record, What, records};
pub use refusal::Refusal;
pub use resolver::{Resolver, SystemResolver};
pub use rules::{Rule, RuleError, RuleProblem, Rules};
pub use session::{Egress, EgressError, EgressSession};
