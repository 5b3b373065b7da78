//! The worker: a job from lease to delivery.
//!
//! It leases attempts of one project from the control plane, and for each it makes the workspace, starts the agent,
//! supervises it, imports what it committed and tells how it went.

pub mod control;
