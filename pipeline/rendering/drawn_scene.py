"""A scene as it was drawn: the sample, and the layers that it is put together from."""

import dataclasses

from pipeline.compositing.standing import Arrangement
from pipeline.rendering.backdrops import Backdrop
from shards.writing.encoding import RawSample


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DrawnScene:
    """A sample without depth, its clean background, and its objects as they are painted."""

    sample: RawSample
    backdrop: Backdrop
    arranged: Arrangement
