"""What a gate found, for each who reads it: a terminal, a pull request, a program."""
