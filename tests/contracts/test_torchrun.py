"""`torchrun … depthmask train`: ranks as processes, killed, stopped and started again"""

import dataclasses
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import tomli_w
from small import metrics_of, small_options, small_training
from stopped_runs import EACH_STEP, assert_alike, step_of, wait_for_step

from depthmask.models.checkpoint import read_checkpoint
from depthmask.recipes.train_options import TrainOptions
from pipeline.build import build_dataset

pytestmark = pytest.mark.slow

STATIC = ["--rdzv-backend", "static", "--master-addr", "127.0.0.1", "--master-port"]
C10D = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"]
SENTENCE = "is kept in"


def torchrun(ranks: int, command: list[str], *how: str) -> subprocess.Popen[str]:
    """`command` on some ranks of this machine."""
    line = [*(sys.executable, "-m", "torch.distributed.run", "--no-python"), *(how or C10D)]
    return subprocess.Popen(
        [*line, "--nproc-per-node", str(ranks), sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def training(options: TrainOptions, *more: str) -> list[str]:
    config = options.out.with_suffix(".toml")
    config.write_text(tomli_w.dumps(options.to_table()))
    return ["-m", "depthmask", "train", "--config", str(config), *more]


def finish(process: subprocess.Popen[str]) -> str:
    """What a process says until it ends with success."""
    said = process.communicate(timeout=900)[0]
    assert process.returncode == 0, said
    return said


def rank_of(process: psutil.Process) -> int:
    return int(process.environ().get("RANK", "-1"))


def ranks_below(pid: int) -> list[psutil.Process]:
    """The ranks that a torchrun has started, by their number."""
    found = [p for p in psutil.Process(pid).children(recursive=True) if rank_of(p) >= 0]
    return sorted(found, key=rank_of)


@pytest.fixture(scope="module")
def two(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainOptions:
    """The options of an undisturbed run of two ranks, of 24 steps."""
    out = tmp_path_factory.mktemp("two") / "run"
    options = small_training(tiny_dataset, out, epochs=4, batch_size=6, save_every=EACH_STEP)
    said = finish(torchrun(2, training(options)))
    assert said.count("best: epoch") == said.count("images/s") == 1
    return options


def test_two_ranks_have_the_losses_of_one(tiny_dataset: Path, tmp_path: Path) -> None:
    script = str(Path(__file__).parents[1] / "kit" / "rank_losses.py")
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    finish(torchrun(1, [script, str(tiny_dataset), str(files[0]), "20"]))
    finish(torchrun(2, [script, str(tiny_dataset), str(files[1]), "20"]))
    one, both = (json.loads(path.read_text()) for path in files)
    assert len(one) == len(both) == 20
    for step, (alone, together) in enumerate(zip(one, both, strict=True)):
        # What is rounded otherwise begins at 6e-8, and grows as the weights move.
        assert together == pytest.approx(alone, abs=1e-5 if step < 10 else 1e-3)


@pytest.mark.parametrize("how", [C10D, [*STATIC, "29417"]])
def test_a_rank_that_is_killed_comes_back_and_the_run_ends_bit_for_bit(
    two: TrainOptions, tmp_path: Path, how: list[str]
) -> None:
    options = dataclasses.replace(two, out=tmp_path / "run")
    process = torchrun(2, training(options), *how, "--max-restarts", "2")
    for step, rank in ((4, 1), (14, 0)):
        wait_for_step(options.out, process, step)
        ranks_below(process.pid)[rank].kill()
    finish(process)
    assert_alike(two.out, options.out)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def two_agents(command: list[str]) -> Iterator[list[subprocess.Popen[str]]]:
    """A rank of `command` under each of two agents, which take each other for another machine."""
    where = ["--nnodes", "2", "--rdzv-backend", "c10d", "--rdzv-id", "two"]
    where += ["--rdzv-endpoint", f"127.0.0.1:{free_port()}", "--max-restarts", "2"]
    agents = [
        torchrun(1, command, *where, "--local-addr", f"127.0.0.{number}") for number in (1, 2)
    ]
    try:
        yield agents
    finally:
        for agent in agents:
            if agent.poll() is None:
                for process in (*ranks_below(agent.pid), agent):
                    process.kill()
                agent.communicate()


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("resumed", [False, True], ids=["fresh", "resumed"])
def test_a_rank_that_is_lost_on_one_of_two_machines_costs_one_round(
    two: TrainOptions,
    tmp_path: Path,
    rank: int,
    resumed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other agent stops its rank and joins again, which it does not count as a restart."""
    options, more, step = dataclasses.replace(two, out=tmp_path / "run"), [], 4
    monkeypatch.setenv("LOGLEVEL", "INFO")  # agents say what they do
    if resumed:
        with two_agents(training(options)) as agents:
            wait_for_step(options.out, agents[0], step)
            for agent in agents:
                agent.terminate()
            said = "".join(agent.communicate(timeout=600)[0] for agent in agents)
            assert said.count(SENTENCE) == 1, said
        more, step = ["--resume"], 10
    with two_agents(training(options, *more)) as agents:
        wait_for_step(options.out, agents[0], step)
        (lost,) = ranks_below(agents[rank].pid)
        assert rank_of(lost) == rank
        lost.kill()
        killed, before = time.monotonic(), step_of(options.out)
        wait_for_step(options.out, agents[0], before + 2)  # one may have been under way
        assert time.monotonic() - killed < 60
        for agent in agents:
            said = finish(agent)
            assert said.count("Starting worker group") == 2, said
    assert_alike(two.out, options.out)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_all_ranks_stop_at_the_same_step(
    two: TrainOptions, tmp_path: Path, sent: signal.Signals
) -> None:
    options = dataclasses.replace(two, out=tmp_path / "run", save_every=0)
    process = torchrun(2, training(options))
    while not (options.out / "last.pt").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(sent)
    said = process.communicate(timeout=600)[0]
    assert said.count(SENTENCE) == 1, said
    assert read_checkpoint(options.out / "last.pt").training is not None
    finish(torchrun(2, training(options, "--resume")))
    assert_alike(two.out, options.out)


def test_one_signal_to_one_rank_is_enough(two: TrainOptions, tmp_path: Path) -> None:
    options = dataclasses.replace(two, out=tmp_path / "run")
    process = torchrun(2, training(options))
    wait_for_step(options.out, process, 3)
    ranks_below(process.pid)[1].send_signal(signal.SIGUSR1)
    said = process.communicate(timeout=600)[0]
    assert said.count(SENTENCE) == 1, said
    assert not ranks_below(process.pid) if psutil.pid_exists(process.pid) else True
    finish(torchrun(2, training(options, "--resume")))
    assert_alike(two.out, options.out)


def test_three_shards_on_four_ranks_do_not_hang(sources: Path, tmp_path: Path) -> None:
    build_dataset(small_options(sources, tmp_path / "shards", samples=48, samples_per_shard=12))
    options = small_training(tmp_path / "shards", tmp_path / "run", epochs=1, batch_size=10)
    finish(torchrun(4, training(options)))
    (row,) = metrics_of(options.out)
    assert row["step"] == "4"
    assert 0 <= float(row["mask_iou"]) <= 1


def test_a_batch_smaller_than_the_ranks_is_refused(tiny_dataset: Path, tmp_path: Path) -> None:
    options = small_training(tiny_dataset, tmp_path / "run", batch_size=1)
    process = torchrun(2, training(options))
    said = process.communicate(timeout=600)[0]
    assert process.returncode != 0
    assert "expected at least one sample for each of 2 ranks" in said
    assert not options.out.exists()
