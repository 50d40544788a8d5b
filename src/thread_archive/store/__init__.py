"""Storage: the archive's file, its evidence, its content, its index. Knows nothing of networks and dialects."""
