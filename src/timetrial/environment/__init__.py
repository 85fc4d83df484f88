"""Where a run took place, so that figures of two machines are never taken for one another."""
