"""How far a long command is: lines that change in place on a terminal."""
