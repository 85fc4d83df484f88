"""From rounds to "use this, at that concurrency, because": pure, whether the rounds are a run's or a file's."""
