"""Many pictures on one sheet, each with a line of words below it."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

_GAP = 8
_LINE = 16
_PAPER = (250, 250, 248)
_INK = (40, 40, 44)


def make_sheet(tiles: Sequence[tuple[Image.Image, str]], *, width: int = 1600) -> Image.Image:
    """A sheet of equally large tiles in rows, about `width` pixels wide; at least one a row."""
    across, down = tiles[0][0].size
    columns = min(len(tiles), max(1, (width - _GAP) // (across + _GAP)))
    rows = -(-len(tiles) // columns)
    step = (across + _GAP, down + _LINE + _GAP)
    sheet = Image.new("RGB", (columns * step[0] + _GAP, rows * step[1] + _GAP), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for number, (picture, words) in enumerate(tiles):
        x = _GAP + number % columns * step[0]
        y = _GAP + number // columns * step[1]
        sheet.paste(picture, (x, y))
        while words and pen.textlength(words, font=font) > across:
            words = words[:-1]
        pen.text((x, y + down + 2), words, fill=_INK, font=font)
    return sheet
