"""Storage: what a sample is on disk, writing one shard safely, the manifest, moments, reading."""
