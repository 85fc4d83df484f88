"""The gate at the size of real suites: hundreds of benchmarks of microseconds each."""
