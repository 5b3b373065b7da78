//! HTTP API, live stream, dispatcher and reconcilers.
