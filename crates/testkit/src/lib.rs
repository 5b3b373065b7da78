//! What tests share: a scripted model, sample repositories, waiting on events.
