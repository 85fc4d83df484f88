"""Stored runs against each other, where only one side can run at a time."""
