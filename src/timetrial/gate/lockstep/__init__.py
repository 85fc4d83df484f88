"""One launch of a gate: two sides at once, and who has the turn."""
