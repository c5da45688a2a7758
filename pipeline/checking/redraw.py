"""A share of a shard drawn again from its sources, and compared with what is stored."""

import zlib
from collections.abc import Iterator

from pipeline.planning.plan import ShardTask
from pipeline.rendering.renderer import Renderer
from shards.base.canonical_json import encode_json
from shards.base.keys import BACKGROUND, sample_key
from shards.stores.table import Shard
from shards.writing.encoding import Encoding, encode_sample


def first_difference(renderer: Renderer, task: ShardTask, shard: Shard, share: float) -> str | None:
    """The first `KEY.FIELD` whose stored bytes are not those drawn again; None where all agree.

    At least one sample is drawn. Where a teacher sees composites, whole batches are: a network's
    last bits may depend on what it sees together.
    """
    for positions in spread_positions(task, share, renderer.plan.batch):
        for position, fields in _draw(renderer, task.split, positions):
            for field, data in sorted(fields.items()):
                if shard.get(position - task.first, field) != data:
                    return f"{sample_key(task.split, position)}.{field}"
    return None


def spread_positions(task: ShardTask, share: float, block: int) -> Iterator[range]:
    """Blocks of positions with at least a `share` of a shard's samples, evenly spread.

    Where they begin depends on the shard's name, so that shards do not all show the same rows.
    """
    blocks = -(-task.samples // block)
    wanted = min(blocks, max(1, -(-int(share * task.samples + 0.5) // block)))
    shift = zlib.crc32(task.name.encode("ascii"))
    end = task.first + task.samples
    for index in sorted((i * blocks // wanted + shift) % blocks for i in range(wanted)):
        first = task.first + index * block
        yield range(first, min(first + block, end))


def _draw(
    renderer: Renderer, split: str, positions: range
) -> Iterator[tuple[int, dict[str, bytes]]]:
    if split == BACKGROUND:
        for position in positions:
            data = renderer.stored_background(position).data
            info = renderer.background_info(position)
            yield position, {"background.jpg": data, "json": encode_json(info)}
        return
    encoding = Encoding.of(renderer.plan.options)
    for sample in renderer.samples(split, positions):
        yield sample.position, encode_sample(sample, encoding)
