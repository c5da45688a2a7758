"""depthmask/training/epoch_scores.py: which epoch is the best"""

import pytest

from depthmask.training.epoch_scores import selection_score


def test_depth_decides_where_masks_are_alike() -> None:
    early = {"mask_iou": 0.9172, "depth_rmse": 0.0897, "train_loss": 0.07}
    late = {"mask_iou": 0.9165, "depth_rmse": 0.0828, "train_loss": 0.06}
    assert selection_score(late) > selection_score(early)
    assert selection_score(late | {"mask_iou": 0.9}) < selection_score(early)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"mask_iou": 0.9, "train_loss": 2.0}, {"mask_iou": 0.8, "train_loss": 1.0}),
        ({"depth_rmse": 0.1, "train_loss": 2.0}, {"depth_rmse": 0.2, "train_loss": 1.0}),
        ({"train_loss": 1.0}, {"train_loss": 2.0}),
    ],
    ids=["mask alone", "depth alone", "no val samples"],
)
def test_what_a_network_has_decides(better: dict[str, float], worse: dict[str, float]) -> None:
    assert selection_score(better) > selection_score(worse)
