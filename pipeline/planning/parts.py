"""Parts of a build: independent processes that share nothing but the folder."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shards.base.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.planning.plan import ShardTask

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
    """The part that "I/N" names; "slurm/N" or "slurm" take I from the Slurm job array."""
    place, slash, count = text.partition("/")
    if place == "slurm" and not slash:
        return _whole_array(environment)
    if slash and count.isdecimal() and int(count) > 0:
        if place == "slurm":
            return _task_of(environment, int(count))
        if place.isdecimal() and int(place) < int(count):
            return Part(int(place), int(count))
    raise InputError(
        "--part",
        expected="I/N with I from 0 to N-1, slurm/N or slurm",
        found=text,
        remedy="give the first of three parts as 0/3",
    )


def _task_of(environment: Mapping[str, str], count: int) -> Part:
    """The part that this task of a job array is, of `count`: any of the tasks may run alone."""
    task = environment.get(_SLURM + "ID", "")
    if not task.isdecimal():
        raise _no_array(f"--part slurm/{count}", f"{_SLURM}ID", count)
    if int(task) >= count:
        raise InputError(
            f"--part slurm/{count}",
            expected=f"an array task from 0 to {count - 1}: parts are counted from 0",
            found=f"task {task}",
            remedy=f"submit with sbatch --array=0-{count - 1}, or some of these tasks",
        )
    return Part(int(task), count)


def _whole_array(environment: Mapping[str, str]) -> Part:
    """The part that this task is of its array; only 0 to N-1 says that it is all there are."""
    values = [environment.get(_SLURM + name, "") for name in ("ID", "MIN", "MAX", "COUNT")]
    if not all(value.isdecimal() for value in values):
        raise _no_array("--part slurm", f"{_SLURM}ID, _MIN, _MAX and _COUNT", 10)
    task, first, last, count = map(int, values)
    if first != 0 or last != count - 1:
        tasks = f"{count} tasks from {first} to {last}" if count > 1 else f"task {task} alone"
        raise InputError(
            "--part slurm",
            expected="a whole job array 0-LAST, whose tasks are all parts there are",
            found=tasks,
            remedy="say how many parts there are: --part slurm/N makes part I as array task I, "
            "with I from 0 to N-1, and takes any of them (--array=1,3)",
        )
    return Part(task, count)


def _no_array(where: str, expected: str, count: int) -> InputError:
    return InputError(
        where,
        expected=expected,
        found="no job array",
        remedy=f"submit with sbatch --array=0-{count - 1}, or name the part as I/N",
    )
