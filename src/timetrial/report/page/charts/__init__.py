"""The report's charts, a module each: from trials to a figure with its table."""
