"""What all of timetrial's tests share: pytest inside pytest, and hypothesis without a clock to trip over."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["pytester"]

# A busy machine is no failure: no deadlines. Few examples: the whole run has to be quick.
settings.register_profile("timetrial", deadline=None, max_examples=60, database=None)
settings.load_profile("timetrial")
