"""Shards that were made under other versions than those of plan.json (`--allow-mixed`)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shards.base.names import printable

_NAMED = 5


def mixed_shards(entries: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """{name: {package: version}} of the entries of dataset.json that name their own versions."""
    return {entry["name"]: entry["versions"] for entry in entries if entry.get("versions")}


def mixture_of(manifest: Mapping[str, Any]) -> list[str]:
    """What `describe_mixture` says of a dataset.json; nothing where all shards are plan.json's."""
    entries = [*manifest["backgrounds"], *manifest["shards"]]
    return describe_mixture(manifest["versions"], mixed_shards(entries))


def describe_mixture(planned: Mapping[str, Any], mixed: Mapping[str, dict[str, str]]) -> list[str]:
    """A line for each set of other versions: what they are, and which shards were made so."""
    groups: dict[str, list[str]] = {}
    for shard in sorted(mixed):
        words = ", ".join(
            printable(f"{name} {version} (plan.json: {planned.get(name)})")
            for name, version in sorted(mixed[shard].items())
        )
        groups.setdefault(words, []).append(shard)
    return [f"{words}: {_count(names)}" for words, names in groups.items()]


def _count(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    shards = "1 shard" if len(names) == 1 else f"{len(names):,} shards"
    return f"{shards}, {', '.join(names[:_NAMED])}{more}"
