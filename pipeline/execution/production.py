"""Production of shards: tasks through an engine, each result into the log, failures by name."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.execution.job import Engine, Failure, Job
from pipeline.machine.counters import Counters
from pipeline.output.event_log import log_event
from pipeline.output.folder import count_committed
from pipeline.planning.plan import ShardTask
from pipeline.rendering.watcher import Watcher
from shards.base.errors import RunError
from shards.base.files import remove_temporaries
from shards.base.keys import BACKGROUND, record_name
from shards.base.scratch import remove_abandoned
from shards.places.outputs import unwritten
from shards.places.place import Place
from shards.records.manifest import Record

_NAMED = 5


def make_shards(
    job: Job,
    tasks: Sequence[ShardTask],
    missing: Sequence[ShardTask],
    engine: Engine,
    watch: Watcher,
) -> list[Record]:
    """Make the `missing` ones of a job's `tasks` in any order and commit them; their records.

    A shard that fails does not stop the others: RunError names those that failed, at the end.
    OSError where nothing can be written any more.
    """
    out = job.place.folder
    made: list[Record] = []
    failed: list[tuple[str, str]] = []
    unheard = {task.name for task in missing}
    counters = Counters(len(missing))
    watch.building(sum(t.samples for t in missing if t.split != BACKGROUND), counters)
    try:
        with closing(engine(job, missing, counters)) as results:
            for task, outcome in results:
                unheard.remove(task.name)
                if not isinstance(outcome, Failure):
                    made.append(outcome)
                    log_event(out, event="shard", name=task.name)
                elif outcome.kind == "place":
                    raise OSError(outcome.errno, outcome.reason, outcome.where)
                else:
                    failed.append((task.name, outcome.reason))
                    log_event(out, event="failed", name=task.name, reason=outcome.reason)
    finally:
        watch.finished()
        counters.remove()
        remove_temporaries(out, names_of(missing))
        remove_abandoned()
    failed += [(name, "that the engine dropped it") for name in sorted(unheard)]
    if failed:
        raise _failed(job.place, tasks, failed)
    return made


def names_of(tasks: Sequence[ShardTask]) -> set[str]:
    """The files that tasks write: shards and their records."""
    return {name for task in tasks for name in (task.name, record_name(task.name))}


def _failed(place: Place, tasks: Sequence[ShardTask], failed: list[tuple[str, str]]) -> RunError:
    names = ", ".join(name for name, _ in failed[:_NAMED])
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    return RunError(
        names + more,
        expected="a whole shard",
        found=failed[0][1],
        remedy=f"{describe_kept(place, tasks)}; the same command resumes",
    )


def describe_kept(place: Place, tasks: Sequence[ShardTask]) -> str:
    """How far a build, or a part, with these `tasks` came: "3 of 12 shards are kept"."""
    try:
        kept = count_committed(place, tasks)
    except OSError:  # the same that ended the work, perhaps
        return f"finished shards are kept in {place.folder}"
    if kept == 0:
        return "no shard was finished"
    return f"{kept} of {len(tasks)} shards are kept in {place.folder}"


@contextmanager
def saying_what_is_kept(place: Place, tasks: Sequence[ShardTask]) -> Iterator[None]:
    """Whatever ends the work within says what is kept.

    OSError becomes a RunError; an interruption gets a note that the command line prints.
    """
    try:
        yield
    except OSError as error:
        if error.filename and Path(error.filename).resolve().is_relative_to(place.folder.resolve()):
            error.filename = None
        raise unwritten(error, f"--out {place.folder}", describe_kept(place, tasks)) from None
    except BaseException as stop:
        if not isinstance(stop, Exception):
            stop.add_note(f"{describe_kept(place, tasks)}; the same command resumes.")
        raise
