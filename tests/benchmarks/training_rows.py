"""A training's steps against the same steps over one batch in memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from speed_material import Material
from speed_row import Pair

_STEPS = 8


def training(material: Material) -> Iterator[dict[str, Pair]]:
    """Images a second at 128 px: samples decoded for the first time, and one batch kept ready."""
    from training_rate import measure

    from depthmask.recipes.train_options import TrainOptions

    shards = material.read_set("tar")
    while True:
        with tempfile.TemporaryDirectory() as out:
            options = TrainOptions(
                shards=(shards,), out=Path(out), size=128, batch_size=16, workers=1
            )
            found = measure(options, _STEPS, 1)
        yield {"training": (found["decoding"][0].rate, found["in memory"][0].rate)}
