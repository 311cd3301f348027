"""Pages of the authority: HTTP in and out, nothing else."""
