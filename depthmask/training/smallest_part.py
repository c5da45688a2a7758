"""The smallest part of a step: whether batch norms have more than one value to go by."""

import copy

import torch

from depthmask.models.build import Network
from depthmask.recipes.train_options import TrainOptions
from shards.base.errors import InputError
from shards.base.size import Size, size_words


def require_statistics(network: Network, options: TrainOptions, size: Size, ranks: int) -> None:
    """InputError where a batch norm would see a single value a channel at `size` (width, height).

    Maps of one pixel of one picture: tried on a copy of the network, and only where a rank's part
    of a step may be one picture.
    """
    if options.batch_size // ranks // options.accumulate > 1:
        return
    trial = copy.deepcopy(network).train()
    width, height = size
    picture = torch.zeros(1, 3, height, width, device=next(network.parameters()).device)
    try:
        with torch.no_grad():
            trial(picture, picture)
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise InputError(
            f"--batch-size {options.batch_size}",
            expected="parts of a step with several values for each batch norm",
            found=f"one picture at a time at {size_words(size)}, whose coarsest map is one pixel",
            remedy="give a larger --batch-size or --size, fewer --accumulate or ranks, or a "
            "--backbone without batch norms, such as convnext_tiny",
        ) from None
