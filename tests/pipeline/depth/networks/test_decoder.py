"""The up-projection decoder: sizes, strides, widths and DenseDepth's known parameter count."""

import pytest
import torch

from pipeline.depth.networks.decoder import Decoder, UpBlock


def _pyramid(channels: tuple[int, ...], size: int) -> list[torch.Tensor]:
    return [
        torch.randn(2, c, size // 2 ** (i + 1), size // 2 ** (i + 1))
        for i, c in enumerate(channels)
    ]


@pytest.mark.parametrize(
    ("widths", "stride"),
    [((8, 8), 16), ((8, 8, 6, 6, 4), 2), ((8, 8, 6, 6, 4, 4), 1)],
)
def test_each_width_is_one_up_block_and_the_stride_is_told(
    widths: tuple[int, ...], stride: int
) -> None:
    channels = (4, 6, 8, 10, 12)
    decoder = Decoder(channels, (2, 4, 8, 16, 32), widths)
    out = decoder(_pyramid(channels, 64))
    assert decoder.stride == stride
    assert out.shape == (2, widths[-1], 64 // stride, 64 // stride)


def test_densedepth_at_full_width_has_its_published_number_of_parameters() -> None:
    densenet_169 = 12_484_480
    with torch.device("meta"):
        decoder = Decoder((64, 64, 128, 256, 1664), (2, 4, 8, 16, 32), (1664, 832, 416, 208, 104))
        head = torch.nn.Conv2d(104, 1, 3, padding=1)
    count = sum(p.numel() for module in (decoder, head) for p in module.parameters())
    assert densenet_169 + count == 42_657_689


def test_a_block_takes_the_size_of_its_skip_also_when_it_is_odd() -> None:
    block = UpBlock(4, 3, 5)
    assert block(torch.zeros(1, 4, 3, 4), torch.zeros(1, 3, 5, 7)).shape == (1, 5, 5, 7)
