"""A loss of one's own: Charbonnier's, a smooth L1, for masks and depth alike."""

from torch import Tensor

from depthmask.losses.loss_terms import LOSSES, LossKind
from depthmask.losses.losses import FUNCTIONS


def charbonnier_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Maps (B, C, H, W) in [0, 1] twice -> one value an image, (B,)."""
    return ((predicted - target).square() + 1e-6).sqrt().flatten(1).mean(1)


LOSSES["charbonnier"] = (
    LossKind()
)  # a row of depthmask/losses/loss_terms.py: for both heads, no logits
FUNCTIONS["charbonnier"] = charbonnier_loss  # a row of depthmask/losses/losses.py
