"""Which benchmarks run the same code on both sides of a gate, so that they need no timing."""
