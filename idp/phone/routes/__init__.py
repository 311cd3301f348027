"""Pages of the main origin: HTTP in and out, nothing else."""
