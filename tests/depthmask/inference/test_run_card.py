"""depthmask/inference/run_card.py: the README.md of a run"""

from pathlib import Path

import pytest
import yaml

from depthmask.inference.evaluation import evaluate
from depthmask.inference.options import EvaluateOptions
from depthmask.inference.run_card import run_card, write_run_card
from depthmask.models.checkpoint import read_checkpoint
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.loop import train
from shards.reading.open import open_dataset
from shards.records.card import CARD, MARK


@pytest.fixture(scope="module")
def run(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of one epoch."""
    out = tmp_path_factory.mktemp("runs") / "run"
    train(
        TrainOptions(
            shards=tiny_dataset,
            out=out,
            backbone="mobilenetv3_small_050",
            pretrained=False,
            size=32,
            epochs=1,
            device="cpu",
        )
    )
    return out


def front_matter(card: str) -> dict[str, object]:
    """What the Hub reads."""
    found: dict[str, object] = yaml.safe_load(card.split("---")[1])
    return found


def test_a_run_says_what_it_is_and_on_what_it_was_trained(run: Path, tiny_dataset: Path) -> None:
    card = (run / CARD).read_text()
    assert front_matter(card)["pipeline_tag"] == "image-segmentation"
    assert front_matter(card)["tags"] == ["image-segmentation", "depth-estimation", "depthmask"]
    assert open_dataset(tiny_dataset).members[0].manifest["digest"] in card
    assert "36 train and 12 val" in card
    iou = read_checkpoint(run / "best.pt").scores["mask_iou"]
    assert f"| mask IoU at 0.5 | {iou:.4f} |" in card
    assert "--backbone mobilenetv3_small_050 --no-pretrained" in card
    assert "--resume" not in card


def test_the_card_takes_up_what_evaluate_finds(run: Path, tiny_dataset: Path) -> None:
    found = evaluate(EvaluateOptions(checkpoint=run / "best.pt", shards=tiny_dataset))
    card = (run / CARD).read_text()
    assert "on all 12 samples of val" in card
    for name, iou in found["val"]["mask"]["by_foreground"].items():
        assert f"| {name} | {iou:.4f} |" in card


def test_a_card_of_your_own_is_never_touched(run: Path, tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes((run / "best.pt").read_bytes())
    (tmp_path / CARD).write_text("mine")
    write_run_card(tmp_path / "best.pt")
    assert (tmp_path / CARD).read_text() == "mine"


def test_names_of_strangers_cannot_break_the_table(run: Path) -> None:
    checkpoint = read_checkpoint(run / "best.pt")
    scores = {"samples": 1, "mask": {"by_foreground": {"a|b\n<script>`": 0.5}}}
    card = run_card(checkpoint, "best.pt", {"val": scores})
    assert "<script>" not in card
    assert "a\\|b" in card
    assert MARK in card


def test_a_run_on_data_that_is_gone_still_has_a_card(run: Path, tmp_path: Path) -> None:
    checkpoint = read_checkpoint(run / "best.pt")
    checkpoint.options["shards"] = [str(tmp_path / "gone")]
    assert "| gone | not there any more |" in run_card(checkpoint, "best.pt", {})


def test_an_address_that_a_stranger_names_is_not_opened(run: Path) -> None:
    checkpoint = read_checkpoint(run / "best.pt")
    checkpoint.options["shards"] = ["s3://stranger/shards"]
    assert "| s3://stranger/shards | never opened here |" in run_card(checkpoint, "best.pt", {})
