"""What a process runs and depends on, noted in an untimed pass: code, files, variables, and what can't be seen."""
