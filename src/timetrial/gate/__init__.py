"""The gate: two versions of the code in lock-step, and whether one of them got slower."""
