"""shards/places/object_store.py and pipeline/output/upload.py against an S3 server on loopback"""

import json
import logging
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import s3fs
from joblib.externals.loky import get_reusable_executor
from small import files_of, small_options, small_training
from stopped_runs import same

from depthmask.models.checkpoint import read_checkpoint
from depthmask.recipes.train_options import TrainOptions
from depthmask.reports.stats import dataset_stats
from depthmask.training.loop import train
from pipeline.build import BuildResult, build_dataset
from pipeline.convert import Target, convert_dataset
from shards.base.errors import InputError, RunError
from shards.places.bucket import Bucket
from shards.places.local_folder import LocalFolder
from shards.places.place import place_of
from shards.reading.open import open_dataset
from shards.records.card import CARD
from shards.records.manifest import LOG, MANIFEST, PLAN

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server with an empty bucket named "pictures"."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        Bucket("s3://pictures/")._files.mkdir("pictures")
        get_reusable_executor().shutdown()  # workers of earlier tests lack the credentials
        yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is read is kept."""
    monkeypatch.setenv("DEPTHMASK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest, plain_build: BuildResult) -> str:
    """A data set on the server: the plain build."""
    address = f"s3://pictures/{request.node.name}"
    convert_dataset(plain_build.out, Path(address), "tar", workers=2)
    return address


def objects(url: str) -> dict[str, bytes]:
    bucket = Bucket(url)
    return {name: bucket.read(name) or b"" for name in bucket.sizes()}


def test_what_is_put_there_is_the_data_set(url: str, plain_build: BuildResult) -> None:
    assert objects(url) == files_of(plain_build.out)


def test_a_stopped_upload_goes_on(url: str, plain_build: BuildResult) -> None:
    bucket = Bucket(url)
    for name in (MANIFEST, "train-000001.json", "val-000000.tar"):
        bucket.delete(name)
    again = convert_dataset(plain_build.out, Path(url), "tar", workers=1)
    assert (again.made, again.kept) == (2, 5)
    assert objects(url) == files_of(plain_build.out)


def test_it_is_read_like_a_folder_and_fetches_only_what_is_touched(
    url: str, plain_build: BuildResult, cache: Path
) -> None:
    there, here = open_dataset(url), open_dataset(plain_build.out)
    assert there.digest == here.digest
    val = there.split("val")
    assert np.array_equal(val[3].image, here.split("val")[3].image)
    fetched = {path.name for path in cache.glob("*/*.tar")}
    assert fetched == {"val-000000.tar"}
    assert np.array_equal(val[3].background, here.split("val")[3].background)
    again = pickle.loads(pickle.dumps(there))
    assert [a.get("mask.png") for a in again] == [b.get("mask.png") for b in here]
    assert len(list(cache.glob("*/*.tar"))) == 7


def test_records_are_fetched_where_a_report_asks_for_them(
    url: str, plain_build: BuildResult, cache: Path
) -> None:
    there, here = open_dataset(url), open_dataset(plain_build.out)
    assert there.record("val-000000.tar") == here.record("val-000000.tar") is not None


def test_a_path_made_of_an_address_is_that_address(url: str, cache: Path) -> None:
    facts = dataset_stats(Path(url), recompute=True, workers=1)
    assert facts["samples"] == 120


def test_it_comes_back_as_any_store(url: str, plain_build: BuildResult, cache: Path) -> None:
    convert_dataset(Path(url), cache / "lmdb", "lmdb", workers=1)
    back = convert_dataset(cache / "lmdb", cache / "tar", "tar", workers=1)
    assert back.digest == plain_build.digest


@pytest.mark.parametrize("format", ["coco", "folders"])
def test_it_becomes_files_for_others(
    url: str, plain_build: BuildResult, cache: Path, format: Target
) -> None:
    for source, name in ((Path(url), "there"), (plain_build.out, "here")):
        convert_dataset(source, cache / name, format, workers=2)
    files = [
        {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        for out in (cache / "there", cache / "here")
    ]
    assert files[0] == files[1]
    assert len(files[0]) > 120


def test_what_changed_there_is_fetched_again(
    url: str, sources: Path, cache: Path, tmp_path: Path
) -> None:
    open_dataset(url)[0].get("json")
    other = build_dataset(small_options(sources, tmp_path / "other", seed=5)).out
    bucket = Bucket(url)
    for name in bucket.sizes():
        bucket.delete(name)
    convert_dataset(other, Path(url), "tar", workers=1)
    assert open_dataset(url)[0].get("json") == open_dataset(other)[0].get("json")


def test_other_bytes_than_dataset_json_names_are_refused(url: str, cache: Path) -> None:
    bucket = Bucket(url)
    bucket.write("train-000000.tar", bucket.read("train-000001.tar") or b"")
    with pytest.raises(RunError, match="found other bytes"):
        open_dataset(url)[0].get("json")
    assert list(cache.glob("*/*.tar")) == []


def test_an_unfinished_data_set_is_none(url: str, cache: Path) -> None:
    Bucket(url).delete(MANIFEST)
    for address in (url, "s3://pictures/nowhere", "s3://no-such-bucket/x"):
        with pytest.raises(InputError, match=r"a finished data set, found no dataset\.json"):
            open_dataset(address)


def test_another_data_set_there_is_refused(
    url: str, sources: Path, tmp_path: Path, plain_build: BuildResult
) -> None:
    other = build_dataset(small_options(sources, tmp_path / "other", seed=5)).out
    with pytest.raises(InputError, match="found something else"):
        convert_dataset(other, Path(url), "tar")
    assert objects(url) == files_of(plain_build.out)


def test_lmdb_is_refused(server: str, sources: Path, tmp_path: Path) -> None:
    options = small_options(sources, tmp_path / "lmdb", format="lmdb", samples=10)
    shards = build_dataset(options).out
    with pytest.raises(InputError, match="which no object store can open"):
        convert_dataset(shards, Path("s3://pictures/lmdb"), "lmdb")
    with pytest.raises(InputError, match="convert to tar in a folder"):
        convert_dataset(shards, Path("s3://pictures/lmdb"), "tar")
    assert Bucket("s3://pictures/lmdb").sizes() == {}


def test_a_server_that_does_not_answer_gets_a_sentence(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()  # they remember the server of the other tests
    with pytest.raises(RunError, match="an object store that answers"):
        open_dataset("s3://elsewhere/shards")
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize(
    "place",
    ["pipe:/bin/cat /etc/passwd", "file:///etc", "http://127.0.0.1/x", "ssh://host/x",
     "s3://a/b::file:///etc", "PIPE:/bin/sh"],
)  # fmt: skip
def test_schemes_that_are_no_object_store_are_never_opened(place: str) -> None:
    with pytest.raises(InputError, match="expected a folder, or an address s3://"):
        open_dataset(place)


def test_a_pipe_is_a_folder_that_is_not_there(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    with pytest.raises(InputError, match="expected this file, found none"):
        open_dataset(f"pipe:touch {witness}")
    assert not witness.exists()


@pytest.mark.parametrize("place", ["shards", "/data/shards", "./s3", "a:b", "C:/shards", "s3:"])
def test_folders_are_folders(place: str) -> None:
    assert place_of(place) == LocalFolder(Path(place))


def test_a_place_pickles_and_opens_its_store_in_the_process_that_uses_it(
    url: str, cache: Path
) -> None:
    store = pickle.loads(pickle.dumps(place_of(url)))
    assert store == place_of(Path(url)) == place_of(f"{url}/")
    store.fetch_manifest()
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        pool.submit(store.fetch, "train-000000.tar").result()
    assert (store.folder / "train-000000.tar").is_file()


def test_plain_folders_are_not_taken_over_at_an_address(
    server: str, plain_build: BuildResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_dataset(plain_build.out, tmp_path / "plain", "folders", workers=1)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="convert it to tar in a folder first"):
        convert_dataset(tmp_path / "plain", Path("s3://pictures/taken"), "tar", workers=1)
    assert not (tmp_path / "s3:").exists()


def test_an_address_is_converted_to_another_one(
    url: str, plain_build: BuildResult, cache: Path
) -> None:
    again = convert_dataset(Path(url), Path(f"{url}-copy"), "tar", workers=2)
    assert (again.made, again.digest) == (7, plain_build.digest)
    wanted = {name: data for name, data in files_of(plain_build.out).items() if name != CARD}
    assert objects(f"{url}-copy") == wanted


def test_shards_that_did_not_change_there_stay_in_the_cache(
    url: str, sources: Path, cache: Path, tmp_path: Path
) -> None:
    build_there(sources, "grown", samples=60)
    reader = open_dataset("s3://pictures/grown")
    first = reader[0].get("json")
    kept = (reader.path / "train-000000.tar").stat().st_ino
    larger = build_dataset(small_options(sources, tmp_path / "larger", samples=120)).out
    bucket = Bucket("s3://pictures/grown")  # which grows from another machine
    for path in larger.glob("*.[jt]*"):
        bucket.put(path, path.name)
    grown = open_dataset("s3://pictures/grown")
    assert len(grown) > len(reader)
    assert (reader.path / "train-000000.tar").stat().st_ino == kept
    assert grown[0].get("json") == first


def test_an_address_in_a_folder_from_a_stranger_is_not_opened(
    url: str, plain_build: BuildResult, cache: Path, tmp_path: Path
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "stranger"))
    (shards / "remote.json").write_text(json.dumps({"url": url}))
    (shards / "train-000000.tar").unlink()
    with pytest.raises(RunError, match="a whole shard"):
        open_dataset(shards)[0].get("json")


def test_the_log_stays_at_home(url: str) -> None:
    assert LOG not in objects(url)
    assert PLAN in objects(url)


def build_there(sources: Path, name: str, **changes: object) -> BuildResult:
    return build_dataset(small_options(sources, Path(f"s3://pictures/{name}"), **changes))


def test_a_build_there_has_the_bytes_of_one_in_a_folder(
    server: str, sources: Path, plain_build: BuildResult, cache: Path
) -> None:
    built = build_there(sources, "direct")
    assert built.digest == plain_build.digest
    assert objects("s3://pictures/direct") == files_of(plain_build.out)
    assert list(cache.rglob("*.tar")) == []
    again = build_there(sources, "direct")
    assert (again.shards_made, again.shards_kept) == (0, 7)
    assert open_dataset("s3://pictures/direct")[100].key == "val-000000010"


def test_a_record_in_the_cache_does_not_count_for_another_shard_there(
    server: str, sources: Path, plain_build: BuildResult, cache: Path
) -> None:
    build_there(sources, "replaced")
    Bucket("s3://pictures/replaced").write("val-000000.tar", b"of another size")
    again = build_there(sources, "replaced")
    assert (again.shards_made, again.shards_kept) == (1, 6)
    assert objects("s3://pictures/replaced") == files_of(plain_build.out)


def test_a_build_there_is_finished_from_any_machine(
    server: str,
    sources: Path,
    plain_build: BuildResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for index in (2, 0, 1):
        monkeypatch.setenv("DEPTHMASK_CACHE", str(tmp_path / f"machine{index}"))
        part = build_there(sources, "parts", part=f"{index}/3")
    assert part.digest == plain_build.digest
    assert objects("s3://pictures/parts") == files_of(plain_build.out)
    bucket = Bucket("s3://pictures/parts")
    for name in (MANIFEST, "train-000002.json", "val-000001.tar"):
        bucket.delete(name)
    bucket.write("background-000000.tar", b"cut")
    monkeypatch.setenv("DEPTHMASK_CACHE", str(tmp_path / "another"))
    assert build_there(sources, "parts").shards_made == 3
    assert objects("s3://pictures/parts") == files_of(plain_build.out)


def test_a_build_there_grows(server: str, sources: Path, cache: Path, tmp_path: Path) -> None:
    build_there(sources, "growing", samples=120)
    assert open_dataset("s3://pictures/growing").sample("train", 89).info["position"] == 89
    grown = build_there(sources, "growing", samples=200)
    plain = build_dataset(small_options(sources, tmp_path / "plain", samples=200))
    assert (grown.shards_made, grown.digest) == (5, plain.digest)
    assert objects("s3://pictures/growing") == files_of(plain.out)
    assert open_dataset("s3://pictures/growing").sample("train", 95).info["position"] == 95


def test_a_build_there_refuses_what_it_cannot_do(server: str, sources: Path, cache: Path) -> None:
    Bucket("s3://pictures/foreign").write("thesis.txt", b"mine")
    with pytest.raises(InputError, match="found something else"):
        build_there(sources, "foreign")
    for wrong in ({"format": "lmdb"}, {"overwrite": True}, {"engine": "ray"}):
        with pytest.raises(InputError, match="found --"):
            build_there(sources, "refused", **wrong)
    assert objects("s3://pictures/foreign") == {"thesis.txt": b"mine"}
    assert objects("s3://pictures/refused") == {}
    build_there(sources, "quality", samples=10)
    with pytest.raises(InputError, match=r"--image-quality \(90 there, 80 here\)"):
        build_there(sources, "quality", samples=10, image_quality=80)


@pytest.mark.slow
def test_a_build_there_killed_at_any_moment_goes_on(
    server: str, sources: Path, plain_build: BuildResult, cache: Path
) -> None:
    command = [
        *(sys.executable, "-m", "depthmask", "build-dataset", "--out", "s3://pictures/killed"),
        *("--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--size", "64"),
        *("--samples", "120", "--samples-per-shard", "25", "--val-fraction", ".25"),
        *("--depth-model", "none", "--workers", "2"),
    ]
    bucket = Bucket("s3://pictures/killed")
    for least in (1, 2, 5, 9):
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        while len(bucket.sizes()) < least and process.poll() is None:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.endswith(f"digest {plain_build.digest}\n")
    assert "samples in s3://pictures/killed (" in done.stdout
    assert objects("s3://pictures/killed") == files_of(plain_build.out)


@pytest.mark.usefixtures("cache")
def test_a_training_there_is_that_of_the_folder(
    url: str, plain_build: BuildResult, tmp_path: Path
) -> None:
    for place, name in ((Path(url), "there"), (plain_build.out, "here")):
        options = small_training(place, tmp_path / name, epochs=1, batch_size=45, workers=2)
        train(TrainOptions.from_table(options.to_table()))
    there, here = (read_checkpoint(tmp_path / name / "last.pt") for name in ("there", "here"))
    assert same(there.weights, here.weights)


def test_an_equal_set_with_other_files_left_out_goes_on_there(
    url: str, sources: Path, plain_build: BuildResult, tmp_path: Path
) -> None:
    own = tmp_path / "sources"
    shutil.copytree(sources, own)
    (own / "fg" / "notes.txt").write_text("mine")
    other = build_dataset(small_options(own, tmp_path / "other"))
    Bucket(url).delete(MANIFEST)
    again = convert_dataset(other.out, Path(url), "tar", workers=1)
    assert (again.made, again.digest) == (0, plain_build.digest)
    assert objects(url) == files_of(other.out)
