"""Statistics as pure functions, each with its source."""
