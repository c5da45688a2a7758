"""Parts of a build: independent processes that share nothing but the folder."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shards.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.plan import ShardTask

_SLURM = "SLURM_ARRAY_TASK_"


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """Part `index` (from 0) of `count`: shard t of the plan's list belongs to part t mod count."""

    index: int
    count: int

    def of(self, tasks: "Sequence[ShardTask]") -> "list[ShardTask]":
        """This part's share of all tasks of a plan."""
        return list(tasks[self.index :: self.count])


def parse_part(text: str, environment: Mapping[str, str]) -> Part:
    """The part that "I/N" names, or "slurm": this process's place in its Slurm job array."""
    if text == "slurm":
        return _slurm_part(environment)
    index, slash, count = text.partition("/")
    if slash and index.isdecimal() and count.isdecimal() and int(index) < int(count):
        return Part(int(index), int(count))
    raise InputError(
        "--part",
        expected="I/N with I from 0 to N-1, or slurm",
        found=text,
        remedy="give the first of three parts as 0/3",
    )


def _slurm_part(environment: Mapping[str, str]) -> Part:
    values = [environment.get(_SLURM + name, "") for name in ("ID", "MIN", "MAX", "COUNT")]
    if not all(value.isdecimal() for value in values):
        raise InputError(
            "--part slurm",
            expected=f"{_SLURM}ID, _MIN, _MAX and _COUNT",
            found="no job array",
            remedy="submit with sbatch --array=0-9, or name the part as I/N",
        )
    task, first, last, count = map(int, values)
    if last - first + 1 != count:
        raise InputError(
            "--part slurm",
            expected="a job array without gaps",
            found=f"{count} tasks from {first} to {last}",
            remedy="submit with sbatch --array=0-9; finished parts end at once when run again",
        )
    return Part(task - first, count)
