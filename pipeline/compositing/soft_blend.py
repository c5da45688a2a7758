"""Soft edges: an object's alpha feathered inwards, for painting only.

Alpha only falls, so nothing is painted where the mask has nothing, and the clean background still
is the composite wherever the mask is 0. It falls to its own mean around a pixel, which at a sharp
edge is a half and within glass is the glass's own alpha: what is seen through stays so, and twigs
fade without being lost.
"""

from PIL import Image, ImageChops, ImageFilter

_LENGTH = 160
"""Pixels of an object whose alpha is averaged over 3 x 3, twice; over 5 x 5 at twice the length."""

_TIMES = 2


def soften(picture: Image.Image) -> Image.Image:
    """An "RGBA" picture whose alpha is the lesser of itself and of its mean around each pixel.

    Pillow takes the mean in integers; beyond the picture alpha is 0.
    """
    reach = max(1, (max(picture.size) + _LENGTH // 2) // _LENGTH)
    border = _TIMES * reach
    alpha = picture.getchannel("A")
    mean = Image.new("L", (alpha.width + 2 * border, alpha.height + 2 * border))
    mean.paste(alpha, (border, border))
    for _ in range(_TIMES):
        mean = mean.filter(ImageFilter.BoxBlur(reach))
    around = mean.crop((border, border, border + alpha.width, border + alpha.height))
    softened = picture.copy()
    softened.putalpha(ImageChops.darker(alpha, around))
    return softened
