"""shards/base/cores.py: how many cores there are for us"""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import shards.base.cores
from pipeline.execution.engines import local_engine
from pipeline.machine.threads import fit_threads
from shards.base.cores import cores

MANY = 64


@pytest.fixture(autouse=True)
def _large_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 cores, no cgroup and no Slurm."""
    monkeypatch.setattr(shards.base.cores, "cpu_count", lambda: MANY)
    monkeypatch.setattr(shards.base.cores, "_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(shards.base.cores, "_MOUNT", tmp_path / "mount")
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)


def put(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_without_limits_it_is_every_core() -> None:
    assert cores() == MANY


@pytest.mark.parametrize(
    ("given", "found"), [("3", 3), ("128", MANY), ("0", 1), ("", MANY), ("all", MANY)]
)
def test_slurm_says_how_many_a_task_has(
    given: str, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", given)
    assert cores() == found


@pytest.mark.parametrize(
    ("own", "above", "found"),
    [
        ("max 100000", "max 100000", MANY),
        ("250000 100000", "max 100000", 3),
        ("max 100000", "400000 100000", 4),
        ("600000 100000", "400000 100000", 4),
        ("50000 100000", "max 100000", 1),
        ("nonsense", "max 100000", MANY),
    ],
)
def test_the_least_quota_of_a_cgroup_and_those_above_it_counts(
    own: str, above: str, found: int, tmp_path: Path
) -> None:
    (tmp_path / "cgroup").write_text("0::/user.slice/job\n")
    put(tmp_path / "mount" / "user.slice", cpu__max=above)
    put(tmp_path / "mount" / "user.slice" / "job", cpu__max=own)
    assert cores() == found


@pytest.mark.parametrize(("quota", "found"), [("200000", 2), ("-1", MANY)])
def test_quotas_of_cgroups_1_count(quota: str, found: int, tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("4:memory:/m\n2:cpu,cpuacct:/job\n1:cpuset:/\n")
    place = tmp_path / "mount" / "cpu,cpuacct" / "job"
    put(place, cpu__cfs_quota_us=quota, cpu__cfs_period_us="100000")
    assert cores() == found


def test_affinity_counts() -> None:
    program = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from shards.base.cores import cores; print(cores())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout == b"1\n"


def test_workers_and_threads_go_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "3")
    engine = local_engine(None)
    assert getattr(engine, "keywords", None) == {"workers": 3}
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(8)
        fit_threads()
        assert torch.get_num_threads() == 3
        torch.set_num_threads(2)
        fit_threads()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_nobody_else_counts_cores() -> None:
    root = Path(__file__).parents[3]
    for package in ("depthmask", "pipeline", "shards"):
        for path in (root / package).rglob("*.py"):
            text = path.read_text()
            assert path.name == "cores.py" or not (
                "cpu_count(" in text or "sched_getaffinity" in text or "n_jobs=-1" in text
            ), path
