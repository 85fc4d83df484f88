"""What a workload left behind."""
