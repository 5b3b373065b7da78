//! A job from lease to delivery.
