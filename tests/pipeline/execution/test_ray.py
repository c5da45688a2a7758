"""pipeline/execution/ray_cluster.py on real Ray clusters: its own, and two nodes of which one
dies
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from small import files_of, small_options

from pipeline.build import BuildResult, build_dataset
from shards.records.manifest import LOG

NODES = """
import json, sys, time
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = cluster.add_node(num_cpus=1)
cluster.wait_for_nodes()
raylet = second.all_processes["raylet"][0].process.pid
print(json.dumps({"address": cluster.address, "raylet": raylet}), flush=True)
sys.stdin.read()
cluster.shutdown()
"""

HEAD_ALONE = """
import sys
from ray.cluster_utils import Cluster
import pipeline.execution.ray_cluster as engine
from depthmask.commands.cli import main
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
engine._LOOK_SECONDS, engine._PATIENCE_SECONDS = 1.0, 3.0
try:
    main([*sys.argv[1:], "--ray-address", cluster.address])
finally:
    cluster.shutdown()
"""


def build_command(sources: Path, out: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "depthmask", "build-dataset", "--engine", "ray"),
        *("--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--out", str(out)),
        *("--size", "64", "--samples", "3000", "--samples-per-shard", "100"),
        *("--val-fraction", ".25", "--depth-model", "none", "--placements", "400"),
        *more,
    ]


@pytest.fixture(scope="module")
def whole(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    out = tmp_path_factory.mktemp("whole") / "shards"
    sizes = {"samples": 3000, "samples_per_shard": 100, "placements": 400}
    return build_dataset(small_options(sources, out, **sizes))


def test_without_ray_the_remedy_is_said(sources: Path, tmp_path: Path) -> None:
    command = build_command(sources, tmp_path / "out")
    program = (
        "import sys; sys.modules['ray'] = None; from depthmask.commands.cli import main; main()"
    )
    command[1:3] = ["-c", program]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].endswith("found none; pip install 'depthmask[ray]'")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_cluster_of_its_own_gives_the_same_bytes(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    pytest.importorskip("ray")
    command = build_command(sources, tmp_path / "out", "--workers", "2")
    subprocess.run(command, check=True, timeout=120, env=os.environ | {"RAY_ADDRESS": "local"})
    assert files_of(tmp_path / "out") == files_of(whole.out)


@pytest.mark.slow
def test_a_cluster_that_does_not_answer_is_said(sources: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    command = build_command(sources, tmp_path / "out", "--ray-address", "127.0.0.1:1")
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1
    assert "expected a Ray cluster that answers, found [Errno 111]" in result.stderr


@contextmanager
def two_nodes() -> Iterator[dict[str, Any]]:
    """The address of a cluster of two nodes, and the process of the second one."""
    nodes = subprocess.Popen(
        [sys.executable, "-c", NODES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert nodes.stdout is not None
        yield json.loads(nodes.stdout.readline())
    finally:
        nodes.communicate("")


@pytest.mark.slow
def test_a_machine_without_a_node_of_the_cluster_is_told_how_to_start_one(
    sources: Path, tmp_path: Path
) -> None:
    """In a process namespace of its own the build sees no node, as on another machine."""
    pytest.importorskip("ray")
    apart = ["unshare", "--pid", "--fork", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*apart, "true"]).returncode:
        pytest.skip("no right to have a process namespace")
    with two_nodes() as facts:
        address = facts["address"]
        command = build_command(sources, tmp_path / "out", "--ray-address", address)
        begin = time.monotonic()
        result = subprocess.run([*apart, *command], capture_output=True, text=True, timeout=120)
        seconds = time.monotonic() - begin
    assert result.returncode == 1
    assert "expected a node of the cluster on this machine" in result.stderr
    assert f"`ray start --address={address} --num-cpus=0`" in result.stderr
    assert seconds < 20


@pytest.mark.slow
def test_a_cluster_without_cpus_is_not_waited_for_for_ever(sources: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    command = build_command(sources, tmp_path / "out")
    command[1:3] = ["-c", HEAD_ALONE]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1
    assert "expected a cluster with CPUs to make shards on, found none in" in result.stderr


@pytest.mark.slow
def test_a_node_killed_during_the_build_changes_nothing(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    pytest.importorskip("ray")
    out = tmp_path / "out"
    with two_nodes() as facts:
        build = subprocess.Popen(build_command(sources, out, "--ray-address", facts["address"]))
        while len(list(out.glob("*-0*.json"))) < 6:
            assert build.poll() is None
            time.sleep(0.01)
        os.kill(facts["raylet"], signal.SIGKILL)
        assert build.wait(timeout=180) == 0
    assert files_of(out) == files_of(whole.out)
    lines = [json.loads(line) for line in (out / LOG).read_text().splitlines()]
    made = [line["name"] for line in lines if line["event"] == "shard"]
    assert len(made) == len(set(made)) == 32
