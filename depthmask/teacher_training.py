"""`train-teacher`: how the weights of `densedepth-lite` are made."""

import copy
import csv
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from depthmask.average import RunningAverage
from depthmask.lesson_stream import LessonStream
from depthmask.lessons import Lesson, disturb, photograph, photographed_lesson, read_props
from depthmask.scenery import Props
from depthmask.teacher_loss import teacher_loss
from depthmask.teacher_options import TeacherOptions
from pipeline.densedepth_lite import STRIDE, DenseDepthLite
from pipeline.teachers import LITE
from shards.errors import InputError
from shards.files import temporary_beside

STATE, WEIGHTS, LOG = "state.pt", f"{LITE}.safetensors", "log.csv"
_SAVE_SECONDS = 120
_WARM_UP_STEPS = 200
_KEEP = 0.998
_PHOTOGRAPHS_FROM = 0.45
"""Share of the time after which half of the lessons are photographs with pasted cut-outs."""


@dataclass(slots=True)
class Run:
    """The state of a training: network, its running average, the frozen younger one, the clock."""

    network: DenseDepthLite
    average: RunningAverage[DenseDepthLite]
    optimiser: torch.optim.Optimizer
    younger: DenseDepthLite | None = None
    step: int = 0
    seconds: float = 0.0

    def to_state(self) -> dict[str, Any]:
        """Everything that a later run needs to go on."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "younger": None if self.younger is None else self.younger.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }


def _begin(options: TeacherOptions) -> Run:
    torch.manual_seed(options.seed)
    network = DenseDepthLite(pretrained=True).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.lr, weight_decay=0.01)
    run = Run(network, RunningAverage(network, _KEEP), optimiser)
    path = options.out / STATE
    if not options.resume:
        if path.exists():
            raise InputError(
                f"--out {options.out}",
                expected="a folder without a training",
                found=STATE,
                remedy="add --resume to go on with it, or name another folder",
            )
        return run
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    run.average.network.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    run.step, run.seconds = state["step"], state["seconds"]
    if state["younger"] is not None:
        run.younger = copy.deepcopy(run.average.network)
        run.younger.load_state_dict(state["younger"])
    return run


def _save(run: Run, out: Path) -> None:
    temporary = temporary_beside(out / STATE)
    torch.save(run.to_state(), temporary)
    temporary.replace(out / STATE)
    save_weights(run.average.network, out / WEIGHTS)


def save_weights(network: DenseDepthLite, path: Path) -> None:
    """Write weights as 16-bit safetensors whose header says what the teacher's values mean."""
    tensors = {
        key: value.half().contiguous() if value.is_floating_point() else value
        for key, value in network.state_dict().items()
    }
    metadata = {"name": LITE, "kind": "inverse", "unit": "relative", "low": "0.0", "high": "1.0"}
    temporary = temporary_beside(path)
    save_file(tensors, temporary, metadata=metadata)
    temporary.replace(path)


def _as_batch(lessons: list[Lesson]) -> tuple[Tensor, Tensor]:
    """Pictures (B, 3, S, S) in [0, 1] and nearness (B, S/2, S/2)."""
    pictures = np.stack([lesson.picture for lesson in lessons])
    near = torch.from_numpy(np.stack([lesson.nearness for lesson in lessons]))
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255  # -> (B, 3, S, S)
    target = F.avg_pool2d(near.unsqueeze(1), STRIDE).squeeze(1)  # (B, S, S) -> (B, S/2, S/2)
    return pixels.contiguous(memory_format=torch.channels_last), target


def _photographed(
    run: Run, props: Props, rng: np.random.Generator, count: int, side: int
) -> list[Lesson]:
    if run.younger is None:
        raise TypeError("photographs need a younger network")
    pictures = [photograph(rng, props, side) for _ in range(count)]
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        maps = run.younger(pixels)  # (B, S/2, S/2)
        answers = F.interpolate(maps.unsqueeze(1), scale_factor=STRIDE, mode="bilinear")
    lessons = [
        photographed_lesson(rng, picture, answer.numpy(), props)
        for picture, answer in zip(pictures, answers.squeeze(1), strict=True)
    ]
    return [
        Lesson(disturb(rng, lesson.picture), lesson.nearness, lesson.covered) for lesson in lessons
    ]


def _learning_rate(run: Run, options: TeacherOptions) -> float:
    done = min(1.0, run.seconds / (60 * options.minutes))
    warm = min(1.0, (run.step + 1) / _WARM_UP_STEPS)
    return options.lr * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def _step(run: Run, options: TeacherOptions, lessons: list[Lesson], props: Props) -> float:
    rng = np.random.default_rng((options.seed, run.step))
    if run.younger is not None and props.photographs:
        half = len(lessons) // 2
        side = len(lessons[0].picture)
        lessons = lessons[half:] + _photographed(run, props, rng, half, side)
    pixels, target = _as_batch(lessons)
    for group in run.optimiser.param_groups:
        group["lr"] = _learning_rate(run, options)
    run.network.train()
    loss = teacher_loss(run.network(pixels), target)
    run.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
    run.optimiser.step()
    run.average.follow(run.network, run.step)
    run.step += 1
    return float(loss.detach())


def train_teacher(options: TeacherOptions, say: Callable[[str], None] = lambda line: None) -> Path:
    """The path of trained weights (safetensors, 16 bits) after `options.minutes` in all.

    The state is saved every two minutes and at the end; `resume` goes on from it. `say` is told
    a line now and then.
    """
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    run = _begin(options)
    props = read_props(options.textures, options.cutouts)
    say(f"{len(props.photographs)} photographs, {len(props.cutouts)} cut-outs")
    stream = LessonStream(
        seed=options.seed,
        first=run.step,
        size=options.size,
        batch_size=options.batch_size,
        props=props,
    )
    losses: list[float] = []
    try:
        lessons = stream.take()  # the first takes long: the clock starts after it
        saved = clock = time.monotonic()
        while run.seconds < 60 * options.minutes:
            if run.younger is None and run.seconds > 60 * options.minutes * _PHOTOGRAPHS_FROM:
                run.younger = copy.deepcopy(run.average.network)
            losses.append(_step(run, options, lessons, props))
            lessons = stream.take()
            now = time.monotonic()
            run.seconds, clock = run.seconds + now - clock, now
            if now - saved > _SAVE_SECONDS:
                saved = now
                _report(run, options, losses, say)
        _report(run, options, losses, say)
    finally:
        stream.close()
    return options.out / WEIGHTS


def _report(
    run: Run, options: TeacherOptions, losses: list[float], say: Callable[[str], None]
) -> None:
    _save(run, options.out)
    recent = float(np.mean(losses)) if losses else math.nan
    losses.clear()
    with (options.out / LOG).open("a", newline="") as file:
        csv.writer(file).writerow([run.step, round(run.seconds), f"{recent:.5f}"])
    say(f"step {run.step}, {run.seconds / 60:.1f} min, loss {recent:.4f}")
