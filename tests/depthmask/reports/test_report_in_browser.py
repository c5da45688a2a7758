"""The report in a real headless Chromium, as people see and use it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from small import small_options

from depthmask.recipes.train_options import TrainOptions
from depthmask.reports.report import write_report
from depthmask.training.loop import train
from pipeline.build import BuildResult, build_dataset

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

NAMES = ["<script>alert(1)</script>.png", 'a"onerror="alert(2).png', "&lt;b&gt;.png"]
SHOWN = "[...document.querySelectorAll('.card')].filter(card => card.offsetParent !== null)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def page(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small data set with depth."""
    return write_report(tiny_dataset, tmp_path_factory.mktemp("page") / "shards.html")


def keep(browser: Browser, name: str) -> None:
    """Write a screenshot where the person who runs the tests asked for them."""
    folder = os.environ.get("DEPTHMASK_SCREENSHOTS")
    if folder:
        browser.screenshot(Path(folder) / f"{name}.png")


def test_a_report_loads_without_errors_and_every_picture_shows(
    browser: Browser, page: Path
) -> None:
    browser.open(page)
    keep(browser, "dataset-desktop")
    assert browser.troubles == []
    assert browser.run("document.images.length") >= 24 * 4
    assert browser.run("[...document.images].every(image => image.naturalWidth > 0)")
    assert browser.run("performance.getEntriesByType('resource').every(r => r.name[0] == 'd')")


def test_categories_are_filtered_and_objects_drawn(
    browser: Browser, labelled_build: BuildResult, tmp_path: Path
) -> None:
    browser.open(write_report(labelled_build.out, tmp_path / "labelled.html"))
    assert browser.troubles == []
    total = browser.run(f"{SHOWN}.length")
    drawn = "[...document.querySelectorAll('.marks {}')].filter(m => m.checkVisibility()).length"
    assert browser.run(drawn.format("rect")) == browser.run(drawn.format("path")) == 0
    browser.run("document.querySelector('input[name=boxes]').click()")
    browser.run("document.querySelector('input[name=outlines]').click()")
    everything = browser.run(drawn.format("rect"))
    assert everything == browser.run(drawn.format("path")) > total
    keep(browser, "dataset-objects")
    browser.run(
        "const choice = document.querySelector('select[name=category]');"
        "choice.value = 'rings'; choice.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    assert 0 < browser.run(f"{SHOWN}.length") < total
    assert browser.run(f"{SHOWN}.every(card => card.dataset.categories.includes('rings'))")
    keep(browser, "dataset-rings")


def test_the_filters_leave_what_was_asked_for(browser: Browser, page: Path) -> None:
    browser.open(page)
    total = browser.run(f"{SHOWN}.length")
    browser.run("document.querySelector('input[name=split][value=val]').click()")
    assert 0 < browser.run(f"{SHOWN}.length") < total
    assert browser.run(f"{SHOWN}.every(card => card.dataset.split === 'val')")
    browser.run("document.querySelector('input[name=split][value=\"\"]').click()")
    browser.run("document.querySelector('input[type=search]').focus()")
    name = browser.run("document.querySelector('#names option').value")
    for letter in name:
        browser.press(letter, 0, letter)
    assert browser.run("document.querySelector('input[type=search]').value") == name
    assert 0 < browser.run(f"{SHOWN}.length") < total
    assert browser.run(f"{SHOWN}.every(card => card.innerText.includes({name!r}))")
    browser.press("x", 88, "x")
    assert browser.run(f"{SHOWN}.length") == 0
    assert browser.run("document.querySelector('.nothing').offsetParent !== null")
    assert browser.run("document.querySelector('.filters output').textContent")[:5] == "0 of "


def test_the_splits_are_chosen_by_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('input[name=split]:checked').focus()")
    for split in ("train", "val"):
        browser.press("ArrowRight", 39)
        assert browser.run(f"{SHOWN}.every(card => card.dataset.split === '{split}')")


def test_a_command_is_written_out_by_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('.card summary').focus()")
    browser.press("Enter", 13, "\r")
    command = browser.run("document.querySelector('.card details[open] code').innerText")
    assert command.split() == [
        *("depthmask", "render", "shards", "train", "0", "\\", "--out", "sample")
    ]


def test_a_mask_is_laid_over_by_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('.shot').focus()")
    opacity = "+getComputedStyle(document.querySelector('.shot .overlay')).opacity"
    browser.run("new Promise(done => setTimeout(done, 250))")
    assert browser.run(opacity) == 1
    browser.press("Enter", 13, "\r")
    assert browser.run("document.querySelector('.shot').getAttribute('aria-pressed')") == "true"
    before = browser.run("document.activeElement.getAttribute('aria-label')")
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.getAttribute('aria-label')") != before


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_it_without_sideways_scrolling(
    browser: Browser, page: Path, dark: bool
) -> None:
    browser.open(page, width=390, height=844, dark=dark)
    keep(browser, f"dataset-phone-{'dark' if dark else 'light'}")
    assert browser.run("document.documentElement.scrollWidth") <= 390
    paper = browser.run("getComputedStyle(document.body).backgroundColor")
    ink = browser.run("getComputedStyle(document.body).color")
    light = [sum(map(int, colour[4:-1].split(","))) for colour in (paper, ink)]
    assert (light[0] < light[1]) is dark


def test_names_with_markup_stay_text(browser: Browser, sources: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(sources, tmp_path / "sources"))
    for number, name in enumerate(NAMES):
        (moved / "bg" / f"bg{number}.png").rename(moved / "bg" / name.replace("/", "_"))
    out = build_dataset(small_options(moved, tmp_path / "shards", samples=60)).out
    browser.open(write_report(out, tmp_path / "page.html"))
    assert browser.troubles == []
    assert browser.run("document.scripts.length") == 1
    text = browser.run("document.body.textContent")
    assert all(name.replace("/", "_") in text for name in NAMES)


def test_a_run_shows_its_best_and_worst_samples(
    browser: Browser, tiny_dataset: Path, tmp_path: Path
) -> None:
    options = TrainOptions(
        shards=tiny_dataset,
        out=tmp_path / "run",
        backbone="mobilenetv3_small_050",
        pretrained=False,
        size=64,
        epochs=2,
        batch_size=9,
        device="cpu",
    )
    train(options)
    browser.open(write_report(options.out, tmp_path / "run.html"))
    keep(browser, "run-desktop")
    assert browser.troubles == []
    assert browser.run("document.querySelectorAll('.card').length") == 12
    assert browser.run("[...document.images].every(image => image.naturalWidth > 0)")
    worst, best = (
        browser.run(f"document.querySelectorAll('.gallery')[{which}].innerText") for which in (0, 1)
    )
    score = r"parseFloat(/IoU ([\d.]+)/.exec(card.innerText)[1])"
    found = browser.run(f"[...document.querySelectorAll('.card')].map(card => {score})")
    assert max(found[:6]) <= min(found[6:])
    assert "val-" in worst
    assert "val-" in best
    cells = "[...document.querySelectorAll('#epochs td')]"
    assert browser.run(f"{cells}.length > 10 && {cells}.every(cell => cell.offsetHeight < 40)")
    browser.run("document.getElementById('samples').scrollIntoView({behavior: 'instant'})")
    keep(browser, "run-samples")
    browser.open(tmp_path / "run.html", width=390, height=844)
    assert browser.run("document.documentElement.scrollWidth") <= 390
