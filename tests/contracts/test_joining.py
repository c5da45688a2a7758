"""Ranks that a launcher of the user's own starts, and that are stopped while they join"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import tomli_w
from small import metrics_of, small_training

from depthmask.recipes.train_options import TrainOptions


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def rank_of_two(rank: int, port: int, options: TrainOptions) -> Iterator[subprocess.Popen[str]]:
    """`depthmask train` as a launcher starts it that sets no more than it must."""
    config = options.out.with_suffix(".toml")
    config.write_text(tomli_w.dumps(options.to_table()))
    told = {"RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    process = subprocess.Popen(
        [sys.executable, "-m", "depthmask", "train", "--config", str(config)],
        env=os.environ | {name: str(value) for name, value in told.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_it_listens(port: int, process: subprocess.Popen[str]) -> None:
    while True:
        assert process.poll() is None, process.communicate()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["term", "int"]
)
@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_ends_a_rank_that_waits_for_the_others_at_once(
    rank: int, sent: signal.Signals, status: int, tiny_dataset: Path, tmp_path: Path
) -> None:
    """Rank 0 waits in Python for answers, rank 1 within torch for a store that does not answer."""
    options = small_training(tiny_dataset, tmp_path / "run")
    with socket.create_server(("127.0.0.1", 0)) as silent, ExitStack() as opened:
        silent.settimeout(120)
        port = free_port() if rank == 0 else silent.getsockname()[1]
        with rank_of_two(rank, port, options) as process:
            if rank == 0:
                wait_until_it_listens(port, process)
            else:
                opened.enter_context(silent.accept()[0])
            time.sleep(0.5)
            process.send_signal(sent)
            began = time.monotonic()
            _, said = process.communicate(timeout=30)
            assert time.monotonic() - began < 20
            assert process.returncode == status, said
            assert "Traceback" not in said
    assert not options.out.exists()


@pytest.mark.slow
def test_ranks_that_know_no_more_than_their_number_train_together(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    options = small_training(tiny_dataset, tmp_path / "run", epochs=1)
    port = free_port()
    with rank_of_two(1, port, options) as other, rank_of_two(0, port, options) as leading:
        for process in (leading, other):
            _, said = process.communicate(timeout=300)
            assert process.returncode == 0, said
    (row,) = metrics_of(options.out)
    assert row["step"] == "4"
