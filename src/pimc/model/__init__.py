"""Networks and losses: torch and nothing else."""
