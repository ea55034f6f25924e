//! Where things are in either family of paths.
