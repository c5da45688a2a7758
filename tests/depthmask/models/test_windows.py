"""depthmask/models/windows.py"""

import pytest
import torch
import torch.nn.functional as F

from depthmask.models.windows import sum_windows, window_means, window_minima


def maps_of(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(height))


@pytest.mark.parametrize(("height", "width"), [(7, 9), (32, 32), (40, 17)])
def test_windows_are_those_of_torchs_pooling(height: int, width: int) -> None:
    maps = maps_of(height, width)
    assert torch.allclose(sum_windows(maps, 7), 49 * F.avg_pool2d(maps, 7, 1), rtol=1e-5)
    means = F.avg_pool2d(maps, 5, 1, 2, count_include_pad=False)
    assert torch.allclose(window_means(maps, 5), means, rtol=1e-5)
    assert torch.equal(window_minima(maps, 3), -F.max_pool2d(-maps, 3, 1, 1))


def test_gradients_of_window_sums_are_those_of_torchs_pooling() -> None:
    maps = maps_of(12, 15).requires_grad_()
    weight = maps_of(6, 9)
    (ours,) = torch.autograd.grad((sum_windows(maps, 7) * weight).sum(), maps)
    (theirs,) = torch.autograd.grad((49 * F.avg_pool2d(maps, 7, 1) * weight).sum(), maps)
    assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-5)
