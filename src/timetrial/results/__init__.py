"""What is stored of a run: the schema, the standings it is computed from, and crash-safe files."""
