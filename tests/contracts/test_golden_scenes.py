"""The pixels and facts of scenes, fixed: what changes them renews the digests in a commit of its
own, with a line in CHANGELOG.md
"""

import hashlib
from pathlib import Path

import pytest
from labelled_sources import draw_labelled_sources, labelled_options

from pipeline.rendering.preparation import plan_build
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import site_of
from pipeline.rendering.watcher import SilentWatcher
from shards.base.canonical_json import encode_json

PLAIN: dict[str, object] = {
    "objects": (1, 1),
    "rotate": 0.0,
    "truncate": 0.0,
    "bg_crop": 1.0,
    "bg_flip": False,
}
GOLDEN: dict[str, tuple[dict[str, object], str]] = {
    "one upright object": (PLAIN, "d18bf6b47f35ef28"),
    "many": ({}, "611d502af68b5622"),
    "many, soft edges": ({"blend": "soft"}, "230c971b3c57fbed"),
    "balanced": ({"balance": "category"}, "4023a1700ffaafba"),
}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_labelled_sources(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("name", GOLDEN)
def test_scenes_have_the_pixels_and_facts_that_they_had(
    name: str, labelled: Path, tmp_path: Path
) -> None:
    """Before encoding, so that no version of a codec can matter."""
    changes, digest = GOLDEN[name]
    whole = {"val_fraction": 0.0}  # splits follow a PNG's bytes, which are its encoder's
    options = labelled_options(labelled, tmp_path / "shards", **whole, **changes)
    plan, _ = plan_build(options, SilentWatcher())
    found = hashlib.sha256()
    for sample in Renderer(plan, site_of(options)).samples("train", range(100)):
        found.update(encode_json(sample.info))
        for plane in (sample.image, sample.mask, sample.instances):
            found.update(b"" if plane is None else plane.tobytes())
    assert found.hexdigest()[:16] == digest
