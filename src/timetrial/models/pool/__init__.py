"""Worker processes: a pool of them, a worker's life, and what they say to each other."""
