"""Launches on several machines: each runs whole on one of them, one at a time there, and this process judges."""
