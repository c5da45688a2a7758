"""Storage: what a sample is on disk, writing one shard safely, the manifest, moments, reading."""

from shards.reader import Dataset, open_dataset

__all__ = ["Dataset", "open_dataset"]
