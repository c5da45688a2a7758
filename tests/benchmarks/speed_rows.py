"""The targets of speed: what is measured against what, and how each group of rows is measured."""

import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import audit_rows
import build_rows
import cost_rows
import reading_rows
import training_rows
from speed_material import Material
from speed_row import Pair, Row

GROUPS: dict[str, Callable[[Material], Iterator[dict[str, Pair]]]] = {
    "without-depth": build_rows.without_depth,
    "one-worker": build_rows.with_one_worker,
    "with-teacher": build_rows.with_teacher,
    "with-layers": build_rows.with_layers,
    "depth": reading_rows.depth_encoding,
    "bare-loop": reading_rows.bare_loop,
    **{peer: partial(reading_rows.of_peer, peer) for peer in reading_rows.PEERS},
    "random": reading_rows.random_access,
    "decode-limit": audit_rows.decode_limit,
    "read-limit": audit_rows.read_limit,
    "growth": cost_rows.growth,
    "worker-memory": cost_rows.worker_memory,
    "planning": cost_rows.planning,
    "starting": cost_rows.starting,
    "training": training_rows.training,
}
"""Each gives pairs of figures by row, round after round."""


TARGETS = Path(__file__).parent / "speed_targets.toml"

ROWS = [Row(key=key, **facts) for key, facts in tomllib.loads(TARGETS.read_text("utf-8")).items()]
