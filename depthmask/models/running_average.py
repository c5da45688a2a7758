"""The running average of a network's weights, which predicts better than the last step's."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class RunningAverage(Generic[Network]):
    """An exponential moving average of weights; counts and the like are copied."""

    def __init__(self, network: Network, keep: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self._keep = keep

    @torch.no_grad()
    def follow(self, network: Network, step: int) -> None:
        """Move toward `network`, faster in the first steps."""
        keep = min(self._keep, (1 + step) / (10 + step))
        now = network.state_dict()
        for name, average in self.network.state_dict().items():
            if average.is_floating_point():
                average.lerp_(now[name], 1 - keep)
            else:
                average.copy_(now[name])
