//! Mirrors, private workspaces and the import of what an agent committed.
