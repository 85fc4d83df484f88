"""What a person sees: the live line, the table at the end."""
