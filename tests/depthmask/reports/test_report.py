"""depthmask/reports/report.py, {dataset,run}_report.py, dataset_survey.py, charts.py,
curves.py, embedded_pictures.py
"""

import re
import shlex
import shutil
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest
from small import draw_background, draw_foreground, small_options

from depthmask.commands.data import build_dataset as build_dataset_command
from depthmask.reports.dataset_report import build_command
from depthmask.reports.report import breakable, render_report, report_kind, write_report
from pipeline.build import BuildResult, build_dataset
from shards.base.errors import InputError
from shards.reading.open import open_dataset

NAMES = ["<script>alert(1)</script>.png", 'a"onerror="alert(2).png', "&lt;b&gt;.png"]


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder as `train` leaves it, as far as the report reads it."""
    out = tmp_path_factory.mktemp("runs") / "first"
    out.mkdir()
    mark = "\ufeff"  # as some editors begin a file
    (out / "metrics.csv").write_text(
        mark + "epoch,step,train_loss,mask_iou,depth_rmse\n"
        "1,10,0.9,0.5,\n2,20,0.4,0.75,0.2\n3,30,0.3,0.7,inf\n,,1,,\n"
    )
    (out / "config.toml").write_text(mark + 'backbone = "<i>resnet</i>"\nbatch_size = 16\n')
    draw_background(3).save(out / "grid.png")
    return out


def page_of(path: Path) -> str:
    return render_report(path, report_kind(path))


def test_the_page_of_a_data_set_shows_counts_gallery_and_digest(tiny_dataset: Path) -> None:
    page = page_of(tiny_dataset)
    tags = Tags(page).found
    cards = [attributes for tag, attributes in tags if attributes.get("class") == "card"]
    assert len(cards) == 24
    assert {card["data-split"] for card in cards} == {"train", "val"}
    for part in ("densedepth-lite", "digest", "--fg FG --bg BG --out OUT"):
        assert part in page


def test_the_gallery_draws_the_objects_of_each_category(labelled_build: BuildResult) -> None:
    page = page_of(labelled_build.out)
    tags = Tags(page).found
    cards = [found for _, found in tags if found.get("class") == "card"]
    shown = {name for card in cards for name in (card["data-categories"] or "").split("/") if name}
    assert shown == {"cars", "pairs", "rings"}
    assert "" in {card["data-categories"] for card in cards}
    marks = [found for tag, found in tags if tag == "g"]
    outlines = [found["d"] for tag, found in tags if tag == "path" and found.get("d")]
    assert len(marks) > 24
    assert sum((outline or "").startswith("M") for outline in outlines) >= len(marks)
    assert page.count('<option value="rings">') == 1


def test_the_gallery_filters_by_categories_of_any_name(sources: Path, tmp_path: Path) -> None:
    names = {"  two  spaces ", "a\nb", 'quo"te'}
    for number, name in enumerate(sorted(names)):
        (tmp_path / "fg" / name).mkdir(parents=True)
        draw_foreground(number).save(tmp_path / "fg" / name / "a.png")
    options = small_options(sources, tmp_path / "a", fg=tmp_path / "fg", depth_model="none")
    tags = Tags(page_of(build_dataset(options).out)).found
    cards = [found for _, found in tags if found.get("class") == "card"]
    shown = {name for card in cards for name in (card["data-categories"] or "").split("/")}
    assert shown == names
    assert names <= {found.get("value") for tag, found in tags if tag == "option"}


def test_every_picture_has_a_description_and_nothing_comes_from_elsewhere(
    tiny_dataset: Path, run_folder: Path
) -> None:
    for path in (tiny_dataset, run_folder):
        page = page_of(path)
        tags = Tags(page).found
        assert all("alt" in attributes for tag, attributes in tags if tag == "img")
        for tag, attributes in tags:
            address = attributes.get("src") or attributes.get("href") or "#"
            assert address.startswith(("data:", "#")), (tag, address)
        assert not re.search(r"url\((?!data:)", page)
        assert len(page) < 5_000_000


def test_names_stay_text(sources: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(sources, tmp_path / "sources"))
    for number, name in enumerate(NAMES):
        (moved / "bg" / f"bg{number}.png").rename(moved / "bg" / name.replace("/", "_"))
    out = build_dataset(small_options(moved, tmp_path / "shards", samples=60)).out
    page = page_of(out)
    assert [tag for tag, _ in Tags(page).found].count("script") == 1
    assert "alert(1)" in page
    assert not any("onerror" in attributes for _, attributes in Tags(page).found)


def test_the_page_of_a_run_shows_its_best_epoch_and_options(run_folder: Path) -> None:
    page = page_of(run_folder)
    assert "<dd>0.75</dd>" in page
    assert "&lt;i&gt;resnet&lt;/i&gt;" in page
    assert page.count("<img") == 1
    labels = [
        label for tag, found in Tags(page).found if tag == "svg" and (label := found["aria-label"])
    ]
    assert [label.partition(" by epoch")[0] for label in labels] == [
        "Training loss",
        "Mask IoU",
        "Depth RMSE",
    ]
    assert "<title>epoch 2: mask IoU 0.75</title>" in page
    assert page.count("depth RMSE 0.2</title>") == 1  # inf and what is missing are no points


def test_the_best_epoch_is_the_one_whose_network_was_kept(tmp_path: Path) -> None:
    """That is the one of the least depth RMSE where there is no mask, not of the least loss."""
    rows = "1,0.9,0.3\n2,0.5,0.1\n3,0.4,0.2\n4,0.3,nan\n"
    (tmp_path / "metrics.csv").write_text("epoch,train_loss,depth_rmse\n" + rows)
    page = page_of(tmp_path)
    assert "Epoch 2 was the best, on val samples:" in page
    assert "A network for 4 epochs" in page


def test_a_run_without_val_samples_says_so(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,minutes,train_loss\n1,1,0.5\n2,2.5,0.75\n")
    (tmp_path / "config.toml").write_text(
        'network = "timm"\nbackbone = "b_0"\nshards = ["x", "y"]\n'
    )
    page = page_of(tmp_path)
    assert "b_0, trained on x, y for 2 epochs in 2.5 minutes." in page
    assert "There were no val samples to score." in page
    assert "Epoch 1 was the best, by its training loss:" in page
    assert "on val samples" not in page


def test_numbers_of_one_are_singular(sources: Path, tmp_path: Path) -> None:
    options = small_options(sources, tmp_path / "shards", samples=1, depth_model="none")
    page = page_of(build_dataset(options).out)
    assert "1 composite of 64 × 64 pixels" in page
    assert "Counted over 1 sample." in page
    assert "both splits" not in page
    assert "Depth of" not in page


def test_long_names_may_break_where_their_words_end(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,a_<b>_c,train_loss\n1,2,3\n")
    page = page_of(tmp_path)
    assert "a &lt;b&gt; c" in page
    assert breakable("a_<b>/c.png") == "a_<wbr>&lt;b&gt;/<wbr>c.<wbr>png"


def test_a_report_is_written_where_it_is_said(
    plain_build: BuildResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_report(plain_build.out) == Path("shards-report.html")
    assert write_report(plain_build.out, tmp_path / "x.html").read_text().startswith("<!doctype")
    with pytest.raises(InputError, match="a place inside the data set"):
        write_report(plain_build.out, plain_build.out / "report.html")
    with pytest.raises(InputError, match="no folder"):
        write_report(plain_build.out, tmp_path / "nowhere" / "x.html")


def test_what_is_neither_gets_a_sentence(tmp_path: Path) -> None:
    for path, found in ((tmp_path, "a folder with neither"), (tmp_path / "no", "nothing there")):
        with pytest.raises(InputError, match=found):
            report_kind(path)
    (tmp_path / "metrics.csv").write_text("something,else\n1,2\n")
    with pytest.raises(InputError, match="lines of another kind"):
        page_of(tmp_path)


@pytest.mark.parametrize("only_changed", [True, False])
def test_the_command_of_a_report_gives_the_options_of_the_plan(
    only_changed: bool, sources: Path, tmp_path: Path
) -> None:
    chosen = {"size": (64, 48), "test_fraction": 0.2, "category": "big thing", "samples": 9}
    things = tmp_path / "things"
    things.mkdir()
    draw_foreground(77).save(things / "a.png")
    built = build_dataset(small_options(sources, tmp_path / "a", distractors=things, **chosen))
    manifest = open_dataset(built.out).manifest
    words = shlex.split(" ".join(build_command(manifest, only_changed=only_changed)))
    with click.Context(build_dataset_command) as context:
        build_dataset_command.parse_args(context, words[2:])
    given = context.params
    assert (given["fg"], given["distractors"]) == (Path("FG"), Path("DISTRACTORS"))
    for name, value in manifest["options"].items():
        if name not in ("distractors",):
            found = list(given[name]) if isinstance(given[name], tuple) else given[name]
            assert found == value, name


def test_the_command_of_a_report_names_the_folder_of_alphas() -> None:
    def source(alpha: str) -> dict[str, object]:
        return {"name": "a/1.jpg", "alpha": {"name": alpha, "sha256": "0" * 64}}

    for alpha, named in (("a/1.png", True), ("a/1_mask.png", False)):
        manifest = {"options": {}, "sources": {"fg": [source(alpha)], "bg": []}}
        parts = build_command(manifest, only_changed=True)
        assert ("--fg-alpha ALPHA" in parts) is named
