"""The pictures of a plan's sources, as they were when it was made."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Protocol

from PIL import Image

from pipeline.planning.plan import Plan
from pipeline.rendering.own_colours import own_colours
from pipeline.rendering.site import Site
from pipeline.sources.alpha import crop_to_alpha
from pipeline.sources.cut_outs import only_part, read_alpha, with_alpha
from pipeline.sources.decode import UnusablePictureError, decode_picture
from pipeline.sources.source import Source
from pipeline.sources.source_bytes import read_source
from shards.base.errors import RunError


class _Decode(Protocol):
    def __call__(self, data: bytes, *, known: bool) -> Image.Image: ...


@dataclasses.dataclass(frozen=True, slots=True)
class SourcePictures:
    """The pictures of a plan's sources by index; RunError where a file is not what it was."""

    plan: Plan
    site: Site

    def background(self, index: int) -> Image.Image:
        """A background, "RGB" or "RGBA"."""
        source = self.plan.bg[index]
        return _read(self.site.bg / source.name, source.sha256, decode_picture)

    def placeable(self, index: int) -> Image.Image:
        """A foreground, or a distractor after these, "RGBA", cropped to its alpha box."""
        first = len(self.plan.fg)
        if index < first:
            picture = self._cut_out(self.plan.fg[index], self.site.fg, self.site.fg_alpha)
        elif self.site.distractors is None:
            raise TypeError("a plan with distractors is drawn where they lie")
        else:
            source = self.plan.distractors[index - first]
            picture = self._cut_out(source, self.site.distractors)
        if self.plan.options["decontaminate"]:
            picture = own_colours(picture, index, self.site.layers)
        return picture

    def _cut_out(self, source: Source, root: Path, alphas: Path | None = None) -> Image.Image:
        path = root / source.name
        picture = _read(path, source.sha256, decode_picture)
        alpha = None
        if source.alpha is not None:
            folder = root if alphas is None or source.alpha_lies_beside else alphas
            alpha = _read(folder / source.alpha.name, source.alpha.sha256, read_alpha)
        try:
            if alpha is not None:
                picture = with_alpha(picture, alpha)
            if source.part is not None:
                picture = only_part(picture, source.part)
            return crop_to_alpha(picture)
        except UnusablePictureError as error:
            raise _another_picture(path, str(error)) from None


def _read(path: Path, sha256: str, decode: _Decode) -> Image.Image:
    try:
        data = read_source(path)
        if hashlib.sha256(data).hexdigest() == sha256:
            return decode(data, known=True)
        found = "another content"
    except UnusablePictureError as error:
        found = str(error)
    raise _another_picture(path, found)


def _another_picture(path: Path, found: str) -> RunError:
    return RunError(
        str(path),
        expected="the picture that stood here when the build began",
        found=found,
        remedy="put it back and run the same command again; finished shards are kept",
    )
