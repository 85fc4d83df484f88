"""What the operating system is asked for: commands, signals, processors, lines between processes."""
