//! Pull requests: the port, its conformance suite and the local forge.
