"""What processes use, seen from outside."""
