"""The Ray engine: shards made on the nodes of a cluster that share the folder.

The folder is the only store: a task returns a record, and a shard that was committed before its
node was lost is found by its record when Ray runs the task again. Tasks ask for one CPU each, so
an autoscaler sees the demand; two tasks a CPU are pending, so it sees more than there is room for.
"""

import dataclasses
import functools
import logging
import os
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil

from pipeline.execution.job import STRIKES, Failure, Job, Outcome, Results, make_shard
from pipeline.machine.counters import Counters, Done
from pipeline.machine.hangup import block_hangup
from pipeline.planning.plan import ShardTask
from pipeline.rendering.versions import other_versions
from shards.base.errors import InputError, RunError, first_line
from shards.base.keys import BACKGROUND
from shards.records.manifest import read_plan

GPU_SHARE = 0.25
"""What a task takes of a GPU: composing and encoding keep a teacher waiting most of the time."""

_NODE, _CLUSTER = "raylet", "--gcs-address="
"""The process of a node, and how its command line names the cluster."""

_LOOK_SECONDS, _PATIENCE_SECONDS = 10.0, 600.0
"""How often a cluster that ends no task is looked at, and how long it may have no CPU."""

_PENDING_PER_CPU = 2
_STORE_BYTES = 128 << 20  # records are under 1 kB; Ray would take a third of the memory


def import_ray() -> Any:
    """The ray module; InputError with the remedy where it is not installed."""
    try:
        import ray
    except ImportError:
        raise InputError(
            "--engine ray",
            expected="the ray package",
            found="none",
            remedy="pip install 'depthmask[ray]'",
        ) from None
    return ray


def run_on_ray(
    job: Job, tasks: Sequence[ShardTask], counters: Counters, *, address: str, workers: int
) -> Results:
    """Make shards on the cluster at `address`, or ("local") on one started for it here.

    Ray runs a task again whose worker or node is lost, up to STRIKES times; what fails in passing
    is submitted again as often.
    """
    ray = import_ray()
    with _connected(ray, address, workers):
        make = _remote_make(ray, job)
        waiting = deque((index, task, 1) for index, task in enumerate(tasks))
        pending: dict[Any, tuple[int, ShardTask, int]] = {}
        try:
            while waiting or pending:
                while waiting and len(pending) < _window(ray):
                    entry = waiting.popleft()
                    pending[make(entry[1])] = entry
                ended = _next_ended(ray, list(pending))
                index, task, tries = pending.pop(ended)
                outcome = _outcome(ray, ended)
                if isinstance(outcome, Failure) and outcome.kind == "passing" and tries < STRIKES:
                    waiting.append((index, task, tries + 1))
                    continue
                counters.set(index, _done(task, outcome))
                yield task, outcome
        finally:
            for reference in pending:
                ray.cancel(reference, force=True)


def _next_ended(ray: Any, pending: list[Any]) -> Any:
    """The first of these tasks to end; RunError where the cluster has had no CPU for a while.

    An autoscaler may take minutes to bring nodes; a head alone with 0 CPUs never makes a shard.
    """
    idle = 0.0
    while True:
        ended, _ = ray.wait(pending, num_returns=1, timeout=_LOOK_SECONDS)
        if ended:
            return ended[0]
        idle = 0.0 if ray.cluster_resources().get("CPU") else idle + _LOOK_SECONDS
        if idle >= _PATIENCE_SECONDS:
            raise RunError(
                "--engine ray",
                expected="a cluster with CPUs to make shards on",
                found=f"none in {_PATIENCE_SECONDS / 60:g} minutes",
                remedy="what is finished is kept; start nodes with `ray start --address=…` and "
                "run the same command again",
            )


def _remote_make(ray: Any, job: Job) -> Callable[[ShardTask], Any]:
    """A function that submits one shard and returns Ray's reference to what comes of it."""
    kind = job.site.device.partition(":")[0]
    gpus = 0.0 if kind == "cpu" else GPU_SHARE
    if gpus and not ray.cluster_resources().get("GPU"):
        raise RunError(
            f"--device {job.site.device}",
            expected="a Ray cluster with GPUs",
            found="none in its resources",
            remedy="start its nodes with --num-gpus, or give --device cpu",
        )
    job = dataclasses.replace(job, site=dataclasses.replace(job.site, device=kind))
    remote = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=STRIKES)(_make_on_node)
    shared = ray.put(job)
    return lambda task: remote.remote(shared, task)


def _make_on_node(job: Job, task: ShardTask) -> Outcome:
    try:
        other = _other_versions(job)
    except InputError as error:
        return Failure("shard", f"on node {os.uname().nodename}: {error}")
    if other and not job.site.allow_mixed:
        return Failure("shard", f"other versions on node {os.uname().nodename}: {other}")
    return make_shard(job, task, lambda done: None)


@functools.lru_cache(maxsize=1)
def _other_versions(job: Job) -> str:
    """What this node has that the plan has not: bytes may depend on it."""
    differing = other_versions(read_plan(job.site.out), job.site.device)
    return ", ".join(f"{name} {version}" for name, version in differing.items())


def _outcome(ray: Any, reference: Any) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference, timeout=_PATIENCE_SECONDS)
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as error:
        return Failure("shard", f"after {STRIKES} retries {first_line(error)}")
    return outcome


def _done(task: ShardTask, outcome: Outcome) -> Done:
    """What a task did, as far as its record says: nodes count no maps for us."""
    if isinstance(outcome, Failure) or task.split == BACKGROUND:
        return Done(0, 0, 0)
    return Done(task.samples, 0, outcome.bytes)


def _window(ray: Any) -> int:
    """How many tasks may be pending: more than run now, few enough for any number of shards."""
    cpus = int(ray.cluster_resources().get("CPU", 1))
    return max(4, _PENDING_PER_CPU * cpus)


def _knock(address: str) -> None:
    """OSError at once where nobody listens; Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


def _require_node(address: str) -> None:
    """RunError at once where no node of the cluster runs on this machine.

    Ray looks for the process of one for a minute, and has no word for what lacks.
    """
    port = address.rpartition(":")[2]
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == _NODE:
            named = [word for word in process.info["cmdline"] or () if word.startswith(_CLUSTER)]
            if not port.isdecimal() or not named or named[0].endswith(f":{port}"):
                return
    raise _no_node(address)


def _no_node(address: str) -> RunError:
    at = address if ":" in address else "HEAD:6379"
    return RunError(
        f"--ray-address {address}",
        expected="a node of the cluster on this machine, which Ray needs to take part",
        found="none",
        remedy=f"no shard was made; start one that makes no shards itself with "
        f"`ray start --address={at} --num-cpus=0`, or run this command on a node",
    )


@contextmanager
def _connected(ray: Any, address: str, workers: int) -> Iterator[None]:
    """A connection to a cluster; one started here goes away with it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    here = {
        "num_cpus": workers,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
    }
    handler = signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        if address != "local":
            _require_node(address)
        with block_hangup():
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                **(here if address == "local" else {}),
            )
    except RunError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        if str(error).startswith("No node info found"):  # a node of another cluster is here
            raise _no_node(address) from None
        raise RunError(
            f"--ray-address {address}",
            expected="a Ray cluster that answers",
            found=str(error).strip().partition("\n")[0],
            remedy="no shard was made; start one with `ray start --head`, give its token "
            "(RAY_AUTH_MODE=token), or remove --ray-address and RAY_ADDRESS",
        ) from None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)  # Ray puts its own in the place of ours
    try:
        yield
    finally:
        ray.shutdown()
