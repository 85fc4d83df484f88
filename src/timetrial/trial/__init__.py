"""One trial: a workload under one model, proved, timed and recorded."""
