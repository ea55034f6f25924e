//! The world as the API clients see it: HTTP, time and chance, all handed in from outside.
