//! One job queue per project.
