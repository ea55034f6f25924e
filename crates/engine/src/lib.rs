//! Detect, hydrate, reconcile, apply: the one room that knows both sides.
