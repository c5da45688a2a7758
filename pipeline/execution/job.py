"""One task of an engine: make a shard, and say what came of it instead of raising."""

import dataclasses
import errno
from collections.abc import Callable, Generator, Sequence
from typing import Literal

from pipeline.machine.counters import Counters, Done
from pipeline.output.folder import committed_record
from pipeline.planning.plan import ShardTask
from pipeline.rendering.shard_maker import make_in, renderer_of
from pipeline.rendering.site import Site
from shards.base.errors import InputError, RunError
from shards.places.place import Place
from shards.records.manifest import Record

STRIKES = 3
"""How often a shard may fail, or lose its worker, before the build continues without it."""

_TICK_EVERY = 16
_NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What all tasks of a build share."""

    place: Place
    site: Site
    build: str


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """Why a shard could not be made.

    "shard": this one never will be; "passing": it may when it is tried again; "place": nothing
    can be written at `where` any more, so no other shard will be made either.
    """

    kind: Literal["shard", "passing", "place"]
    reason: str
    errno: int = 0
    where: str = ""


Outcome = Record | Failure
Results = Generator[tuple[ShardTask, Outcome], None, None]
"""Each task once, with what came of it; closing the generator stops the work."""

Engine = Callable[[Job, Sequence[ShardTask], Counters], Results]


def make_shard(job: Job, task: ShardTask, tick: Callable[[Done], None]) -> Outcome:
    """The record of a shard, made now unless it is committed already: safe to run twice."""
    try:
        standing = committed_record(job.place, task, job.build)
        if standing is not None:
            return standing
        return make_in(job.place, renderer_of(job.site, job.build), task, tick)
    except (InputError, RunError) as error:
        return Failure("shard", str(error))
    except OSError as error:
        where = str(error.filename or job.site.out)
        kind: Literal["place", "passing"] = "place" if error.errno in _NO_PLACE else "passing"
        return Failure(kind, error.strerror or str(error), error.errno or 0, where)
    except MemoryError:
        return Failure("passing", "too little memory")


def passes(outcome: Outcome) -> bool:
    """Whether a shard that failed may be made when it is tried again."""
    return isinstance(outcome, Failure) and outcome.kind == "passing"


def persist(attempt: Callable[[], Outcome]) -> Outcome:
    """What comes of a shard that is tried until it has STRIKES failures in passing."""
    reason = ""
    for _ in range(STRIKES):
        outcome = attempt()
        if not (isinstance(outcome, Failure) and outcome.kind == "passing"):
            return outcome
        reason = outcome.reason
    return Failure("shard", f"{reason}, {STRIKES} times with nothing beside it")


def count_and_make(job: Job, task: ShardTask, index: int, counters: Counters) -> Outcome:
    """`make_shard` that keeps its counter: for processes on the machine of the counters."""

    def tick(done: Done) -> None:
        if done.samples % _TICK_EVERY == 0 or done.samples == task.samples:
            counters.set(index, done)

    return make_shard(job, task, tick)
