"""How fast each depth teacher works inside a build, beside its bare forward rate, in one run.

    python tests/benchmarks/teacher_rates.py [--only NAME]... [--seconds 10] [--rounds 5]

Real networks with random weights (a rate does not depend on what a network has learnt) that see
224 x 224 pixels: a larger input, as most were trained with, leaves drawing and encoding a smaller
share. For each teacher one process on one thread takes turns: shards rendered and committed as a
worker does it (drawing, depth, encoding, writing), and the teacher's forward pass alone on a batch
of such composites that is held in memory. A build is as fast as its teacher where the share is 1.
"""

import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch

from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
from pipeline.build import build_dataset
from pipeline.depth.networks.densedepth_net import DenseDepth
from pipeline.depth.networks.lite_net import DenseDepthLite
from pipeline.machine.threads import one_thread
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import BATCH, Plan
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.shard_maker import render_shard
from pipeline.rendering.site import site_of
from shards.records.manifest import read_plan

SIDE = 224
"""What every network sees."""


def lite(_: Path) -> str:
    """The built-in teacher."""
    return "densedepth-lite"


def densedepth(folder: Path) -> str:
    """DenseDepth at full width, as a state dict."""
    from safetensors.torch import save_file

    network = DenseDepth()
    with torch.no_grad():
        network.head.bias.fill_(1.0)
    save_file(network.state_dict(), folder / "densedepth.safetensors")
    return "densedepth"


def depth_anything(folder: Path) -> str:
    """Depth Anything V2 Small: a DINOv2 ViT-S/14 and a DPT head."""
    from transformers import (
        DepthAnythingConfig,
        DepthAnythingForDepthEstimation,
        Dinov2Config,
        DPTImageProcessor,
    )

    backbone = Dinov2Config(
        hidden_size=384,
        num_attention_heads=6,
        image_size=518,
        patch_size=14,
        out_indices=[3, 6, 9, 12],
        apply_layernorm=True,
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=384,
        neck_hidden_sizes=[48, 96, 192, 384],
        fusion_hidden_size=64,
    )
    place = folder / "depth-anything-small"
    DepthAnythingForDepthEstimation(config).save_pretrained(place)
    DPTImageProcessor(
        size={"height": 518, "width": 518}, keep_aspect_ratio=True, ensure_multiple_of=14
    ).save_pretrained(place)
    return f"hf:{place}"


def glpn(folder: Path) -> str:
    """GLPN with the smallest encoder of its family."""
    from transformers import GLPNConfig, GLPNForDepthEstimation, GLPNImageProcessor

    place = folder / "glpn"
    GLPNForDepthEstimation(GLPNConfig()).save_pretrained(place)
    GLPNImageProcessor().save_pretrained(place)
    return f"hf:{place}"


def onnx(folder: Path) -> str:
    """The built-in teacher's network as an ONNX file, which onnxruntime runs in float32."""
    path = folder / "network.onnx"
    program = torch.onnx.export(
        DenseDepthLite().eval(),
        (torch.rand(BATCH, 3, SIDE, SIDE),),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    if program is None:
        raise SystemExit("torch.onnx.export returned nothing")
    program.save(path)
    path.with_suffix(".json").write_text(json.dumps({"kind": "inverse"}))
    return str(path)


TEACHERS: dict[str, Callable[[Path], str]] = {
    "densedepth-lite": lite,
    "densedepth": densedepth,
    "depth-anything-small": depth_anything,
    "glpn": glpn,
    "onnx": onnx,
}


@dataclasses.dataclass(frozen=True)
class Bench:
    """A build that has been made once, its folder, a renderer, and a batch of its composites."""

    plan: Plan
    out: Path
    renderer: Renderer
    batch: np.ndarray


def prepare(folder: Path, name: str) -> Bench:
    """Plan a build with a teacher, and make one batch, which loads it."""
    out = folder / f"shards-{name}"
    model = TEACHERS[name](folder)
    weights = folder / f"{name}.safetensors"
    options = BuildOptions(
        fg=folder / "pictures" / "cars",
        bg=folder / "pictures" / "scenes",
        out=out,
        samples=BATCH,
        samples_per_shard=BATCH,
        val_fraction=0,
        depth_model=model,
        depth_weights=weights if weights.exists() else None,
        depth_range=None if model == "densedepth-lite" else (0.01, 1000.0),
        depth_input=None if model == "densedepth-lite" else (SIDE, SIDE),
        workers=1,
    )
    build_dataset(options)
    plan = Plan(read_plan(out))
    renderer = Renderer(plan, site_of(options))
    images = [renderer.composite(plan.scene("train", position)).image for position in range(BATCH)]
    return Bench(plan, out, renderer, np.stack(images))


def rate_in_build(bench: Bench, seconds: float) -> float:
    """Samples a second, rendered to committed shards, for at least `seconds`."""
    tasks = [task for task in bench.plan.tasks() if task.split == "train"]
    done = 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for task in tasks:
            render_shard(bench.renderer, bench.out, task, lambda _: None)
            done += task.samples
    return done / (time.perf_counter() - begin)


def rate_alone(bench: Bench, seconds: float) -> float:
    """Maps a second of the teacher alone, on one thread, for at least `seconds`."""
    done = 0
    begin = time.perf_counter()
    with one_thread():
        while time.perf_counter() - begin < seconds:
            bench.renderer.teacher.predict(bench.batch)
            done += len(bench.batch)
    return done / (time.perf_counter() - begin)


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(TEACHERS)), help="Teachers.")
@click.option("--seconds", default=10.0, help="Least length of each measurement.")
@click.option("--rounds", default=5, help="Pairs of measurements.")
def main(only: tuple[str, ...], seconds: float, rounds: int) -> None:
    """Measure in turns and print a table."""
    click.echo("| teacher | maps/s alone | samples/s in a build | share, median (least to most) |")
    click.echo("|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="depthmask-benchmark-") as place:
        folder = Path(place)
        draw_sample_data(
            SampleDataOptions(out=folder / "pictures", cars=8, scenes=8, people=0, signs=0)
        )
        for name in only or TEACHERS:
            torch.manual_seed(0)
            bench = prepare(folder, name)
            rate_alone(bench, 0)
            rate_in_build(bench, 0)
            pairs = [(rate_alone(bench, seconds), rate_in_build(bench, seconds))
                     for _ in range(rounds)]  # fmt: skip
            shares = [built / alone for alone, built in pairs]
            alone, built = (statistics.median(rates) for rates in zip(*pairs, strict=True))
            click.echo(
                f"| {name} | {alone:.2f} | {built:.2f} | {statistics.median(shares):.2f} "
                f"({min(shares):.2f} to {max(shares):.2f}) |"
            )


if __name__ == "__main__":
    main()
