//! Event log, outbox, snapshots, read models and traces.
