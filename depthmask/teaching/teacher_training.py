"""`train-teacher`: how the weights of `densedepth-lite` are made."""

import copy
import csv
import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from depthmask.drawing.scenery import Props
from depthmask.teaching.example_stream import ExampleStream
from depthmask.teaching.examples import Example, read_props
from depthmask.teaching.pseudo_labels import pseudo_label_photographs
from depthmask.teaching.teacher_loss import teacher_loss
from depthmask.teaching.teacher_options import TeacherOptions
from depthmask.teaching.teacher_run import LOG, STATE, WEIGHTS, Run, begin_or_resume, save_run
from depthmask.training.step import move_average
from pipeline.depth.networks.lite_net import STRIDE
from pipeline.machine.allocator import keep_freed_memory
from shards.places.outputs import require_folder, saving

_SAVE_SECONDS = 120
_WARM_UP_STEPS = 200
_KEEP = 0.998
_LABELLED_AT = (0.0, 0.4, 0.7)
"""Shares of the time at which a frozen copy of the network labels the photographs again; at the
first one only if training starts from --depth-weights."""


def _as_batch(examples: list[Example]) -> tuple[Tensor, Tensor]:
    """Pictures (B, 3, S, S) in [0, 1] and nearness (B, S/2, S/2)."""
    pictures = np.stack([example.picture for example in examples])
    near = torch.from_numpy(np.stack([example.nearness for example in examples]))
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255  # -> (B, 3, S, S)
    target = F.avg_pool2d(near.unsqueeze(1), STRIDE).squeeze(1)  # (B, S, S) -> (B, S/2, S/2)
    return pixels.contiguous(memory_format=torch.channels_last), target


def _learning_rate(run: Run, options: TeacherOptions) -> float:
    done = min(1.0, run.seconds / (60 * options.minutes))
    warm = min(1.0, (run.step + 1) / _WARM_UP_STEPS)
    return options.lr * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def _step(run: Run, options: TeacherOptions, examples: list[Example]) -> float:
    pixels, target = _as_batch(examples)
    for group in run.optimiser.param_groups:
        group["lr"] = _learning_rate(run, options)
    run.network.train()
    loss = teacher_loss(run.network(pixels), target)
    run.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
    run.optimiser.step()
    move_average(run.average, run.network, _KEEP, run.step)
    run.step += 1
    return float(loss.detach())


def _renew_pseudo_labeller(run: Run, options: TeacherOptions) -> bool:
    """Freeze a copy of the network as the pseudo-labeller if it is time; whether it was."""
    done = run.seconds / (60 * options.minutes)
    due = sum(done >= share for share in _LABELLED_AT)
    if due == run.labelled or (due == 1 and options.depth_weights is None):
        return False
    run.pseudo_labeller, run.labelled = copy.deepcopy(run.average), due
    return True


def _open_stream(run: Run, options: TeacherOptions, props: Props) -> ExampleStream:
    """Examples from the run's step on, photographs included if there is a pseudo-labeller."""
    if run.pseudo_labeller is not None:
        labels = pseudo_label_photographs(run.pseudo_labeller, props.photographs)
        props = dataclasses.replace(props, labels=labels)
    return ExampleStream(
        seed=options.seed,
        first=run.step,
        size=options.size,
        batch_size=options.batch_size,
        props=props,
    )


def train_teacher(options: TeacherOptions, say: Callable[[str], None] = lambda line: None) -> Path:
    """The path of trained weights (safetensors, 16 bits) after `options.minutes` in all.

    The state is saved every two minutes and at the end; `resume` continues from it. `say` gets
    progress lines.
    """
    require_folder(options.out)
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    run = begin_or_resume(options)
    with saving(options.out, options.out / STATE):
        _train(run, options, say)
    return options.out / WEIGHTS


def _train(run: Run, options: TeacherOptions, say: Callable[[str], None]) -> None:
    props = read_props(options.textures, options.cutouts)
    options.out.mkdir(parents=True, exist_ok=True)
    say(f"{len(props.photographs)} photographs, {len(props.cutouts)} cut-outs")
    _renew_pseudo_labeller(run, options)
    stream = _open_stream(run, options, props)
    losses: list[float] = []
    try:
        examples = stream.take()  # the first takes long: the clock starts after it
        saved = clock = time.monotonic()
        while run.seconds < 60 * options.minutes:
            losses.append(_step(run, options, examples))
            now = time.monotonic()
            run.seconds, clock = run.seconds + now - clock, now
            if _renew_pseudo_labeller(run, options):
                stream.close()
                stream = _open_stream(run, options, props)
            examples = stream.take()
            if now - saved > _SAVE_SECONDS:
                saved = now
                _report(run, options, losses, say)
        _report(run, options, losses, say)
    finally:
        stream.close()


def _report(
    run: Run, options: TeacherOptions, losses: list[float], say: Callable[[str], None]
) -> None:
    save_run(run, options)
    recent = float(np.mean(losses)) if losses else math.nan
    losses.clear()
    with (options.out / LOG).open("a", newline="") as file:
        csv.writer(file).writerow([run.step, round(run.seconds), f"{recent:.5f}"])
    say(f"step {run.step}, {run.seconds / 60:.1f} min, loss {recent:.4f}")
