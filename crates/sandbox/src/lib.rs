//! What an agent's process tree may touch, and ending it whole.
