"""Which model, and how many at once, for somebody's function: tried out in turns, within a budget of seconds."""
