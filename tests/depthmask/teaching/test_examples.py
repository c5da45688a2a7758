"""depthmask/drawing/close_ups.py, depthmask/teaching/examples.py, example_stream.py and
pseudo_labels.py
"""

import subprocess
import sys
from collections import deque

import numpy as np
import psutil
import pytest
import torch

from depthmask.drawing.close_ups import CLOSE_UPS
from depthmask.drawing.scenery import Props
from depthmask.drawing.scenes import draw_scene, nearness
from depthmask.teaching import example_stream
from depthmask.teaching.example_stream import ExampleStream
from depthmask.teaching.examples import photographed_example
from depthmask.teaching.pseudo_labels import pseudo_label_photographs
from pipeline.depth.networks.lite_net import DenseDepthLite
from pipeline.depth.teachers.lite import SHIPPED_WEIGHTS, read_lite_weights
from shards.base.errors import RunError

RAMP = np.repeat(np.linspace(0, 1, 80, dtype=np.float16)[:, None], 120, axis=1)


@pytest.fixture(scope="module")
def network() -> DenseDepthLite:
    network = DenseDepthLite()
    read_lite_weights(network, SHIPPED_WEIGHTS)
    return network.eval()


def photographs() -> tuple[np.ndarray, ...]:
    views = [draw_scene(np.random.default_rng(n), height=96, width=144) for n in range(3)]
    return tuple((view.colour * 255).astype(np.uint8) for view in views)


@pytest.mark.parametrize("style", CLOSE_UPS)
def test_close_ups_show_things_before_what_lies_behind(style: str) -> None:
    for number in range(6):
        rng = np.random.default_rng((77, number))
        view = draw_scene(rng, height=64, width=64, style=style, styles=CLOSE_UPS)
        near = nearness(view.depth)
        assert view.colour.shape == (64, 64, 3)
        assert np.isfinite(near).all()
        assert near.max() > 1.5 * near.min()
        assert len(np.unique(view.owner)) >= 3


def test_a_photograph_is_labelled_alike_in_a_mirror(network: DenseDepthLite) -> None:
    pictures = photographs()
    labels = pseudo_label_photographs(network, pictures)
    mirrored = pseudo_label_photographs(network, tuple(each[:, ::-1] for each in pictures))
    for picture, label, other in zip(pictures, labels, mirrored, strict=True):
        assert label.shape == picture.shape[:2]
        assert 0 <= label.min() < label.max() <= 1
        assert np.abs(label.astype(float) - other[:, ::-1]).max() < 0.02


def test_what_lies_behind_in_a_photograph_is_as_the_younger_network_said() -> None:
    props = Props(photographs=(np.full((80, 120, 3), 90, np.uint8),), labels=(RAMP,))
    covered = 0
    for number in range(20):
        example = photographed_example(np.random.default_rng(number), props, 64)
        free = example.covered == 0
        rows = [row[at] for row, at in zip(example.nearness, free, strict=True) if at.any()]
        levels = np.array([row.mean() for row in rows])
        assert (np.diff(levels) >= 0).all()
        assert all(np.ptp(row) < 1e-3 for row in rows)
        covered += not free.all()
    assert 10 < covered < 20


def test_batches_of_a_seed_and_number_are_the_same_again() -> None:
    props = Props(photographs=photographs(), labels=(RAMP[:, :96].T,) * 3)
    batches = []
    for _ in range(2):
        stream = ExampleStream(seed=1, first=5, size=64, batch_size=6, props=props)
        batches.append(stream.take())
        stream.close()
    first, second = batches
    assert len(first) >= 4
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.picture, other.picture)
        assert np.array_equal(one.nearness, other.nearness)


def test_the_head_answers_in_more_than_eight_bits(network: DenseDepthLite) -> None:
    pixels = torch.from_numpy(photographs()[0][:96, :96].copy()).permute(2, 0, 1)[None] / 255
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert len(torch.unique(network(pixels))) > 1000


def plain_stream() -> ExampleStream:
    return ExampleStream(seed=1, first=0, size=64, batch_size=4, props=Props())


def test_a_drawing_process_that_is_killed_is_said() -> None:
    """Also in the middle of a batch: many times what a pipe holds is under way then."""
    stream = plain_stream()
    try:
        assert len(stream.take()) == 4
        psutil.Process(stream.process).kill()
        with pytest.raises(RunError, match=r"found that it ended with status -9 .* --resume"):
            deque(iter(stream.take, None), maxlen=0)
    finally:
        stream.close()


def test_a_drawing_process_ends_with_the_training_that_it_draws_for() -> None:
    program = (
        "from depthmask.teaching.example_stream import ExampleStream\n"
        "from depthmask.drawing.scenery import Props\n"
        "if __name__ == '__main__':\n"
        "    stream = ExampleStream(seed=1, first=0, size=64, batch_size=4, props=Props())\n"
        "    stream.take()\n"
        "    print(stream.process, flush=True)\n"
        "    stream.take(), input()\n"
    )
    trainer = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert trainer.stdout is not None
    drawer = psutil.Process(int(trainer.stdout.readline()))
    trainer.kill()
    trainer.communicate()
    drawer.wait(20)


def test_a_stopped_drawing_process_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example_stream, "_END_SECONDS", 0.5)
    monkeypatch.setattr(example_stream, "_PATIENCE_SECONDS", 0.5)
    stream = plain_stream()
    drawer = psutil.Process(stream.process)
    drawer.suspend()
    with pytest.raises(RunError, match="found no example in"):
        stream.take()
    stream.close()
    assert not drawer.is_running()
