"""How many cores this process may use, which may be fewer than the machine has."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from joblib import cpu_count

_GROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")


def cores() -> int:
    """The cores this process may use, at least one; defaults depend on it.

    By affinity and the container's quota (joblib knows both), the quotas of its own cgroup and of
    those above it, and what Slurm gives each task.
    """
    found: list[int] = [cpu_count(), *_quotas()]
    with suppress(ValueError):
        found.append(int(os.environ.get("SLURM_CPUS_PER_TASK", "")))
    return max(1, min(found))


def _quotas() -> Iterator[int]:
    """The limits in cores of this process's cgroups, version 2 and 1."""
    lines: list[str] = []
    with suppress(OSError):
        lines = _GROUPS.read_text().splitlines()
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        place = _MOUNT / controllers
        for folder in (place / group.strip("/"), *(place / group.strip("/")).parents):
            if not folder.is_relative_to(place):
                break
            with suppress(OSError, ValueError, ZeroDivisionError):
                yield _limit(folder, version_2=not controllers)


def _limit(folder: Path, *, version_2: bool) -> int:
    """The limit that one cgroup sets; ValueError where it sets none."""
    if version_2:
        quota, period = map(int, (folder / "cpu.max").read_text().split())
    else:
        quota, period = (
            int((folder / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period")
        )
    if quota <= 0:
        raise ValueError("no limit")
    return math.ceil(quota / period)
