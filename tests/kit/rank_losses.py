"""Takes steps with a network without batch norm, alone or under torchrun, and writes their losses.

python tests/kit/rank_losses.py SHARDS LOSSES.json STEPS
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn

from depthmask.data.batches import DecodedSamples, train_batches
from depthmask.distributed.launch import find_rank
from depthmask.distributed.ranks import join_ranks
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.run import begin_run
from depthmask.training.step import take_step
from shards.reading.open import open_dataset


def without_batch_norms(network: nn.Module) -> None:
    """Put nothing in the place of every batch normalisation."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())


def main(shards: Path, out: Path, steps: int) -> None:
    """Take the steps; the leading rank writes the losses."""
    options = TrainOptions(
        shards=shards,
        backbone="convnext_atto",
        pretrained=False,
        size=32,
        batch_size=9,
        optimiser="sgd",
        lr=0.05,
        warm_up=0,
        task_weights="learnt",
        precision="float32",
        accumulate=2,
        device="cpu",
    )
    place = find_rank()
    dataset = open_dataset(shards)
    with join_ranks(place, options.device) as ranks:
        torch.manual_seed(options.seed)
        run = begin_run(options, dataset, ranks.device)
        without_batch_norms(run.network)
        without_batch_norms(run.average)
        source = DecodedSamples(dataset.split("train"), (32, 32), 1)
        losses: list[dict[str, float]] = []
        while len(losses) < steps:
            batches = train_batches(
                source, seed=0, epoch=run.epoch, batch_size=options.batch_size, place=place
            )
            for batch in batches:
                losses.append(take_step(run, batch, options, ranks.device, ranks))
            run.epoch += 1
        weights = [float(p.detach().double().sum()) for p in run.network.parameters()]
        found = ranks.gather(weights)
        assert all(each == found[0] for each in found), "the ranks' weights differ"
        if ranks.leads:
            out.write_text(json.dumps(losses[:steps]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
