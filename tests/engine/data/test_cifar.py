"""CIFAR is read from files in the published layout; the checksums that torchvision insists on are set to the test's."""

import hashlib
import http.server
import pickle
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from card_studio.domain.names import DatasetName
from card_studio.domain.options import CifarData
from card_studio.engine.data.datasets import open_dataset, opening_dataset
from card_studio.engine.torchvision_ops import torchvision_module
from card_studio.errors import DataError

COUNT = 40
"""Images of each of the five training files and of the test file."""


def _batch(seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(COUNT) % 10)
    data = random.integers(0, 256, (COUNT, 3072), np.uint8)
    data[:, 0] = labels  # the first red pixel names the class
    return {"data": data, "labels": labels.tolist()}


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of small files in CIFAR-10's layout, made the published ones."""
    source = torchvision_module("datasets").CIFAR10
    top = tmp_path / "published" / source.base_folder
    top.mkdir(parents=True)
    sums = {}
    contents = {name: _batch(i) for i, (name, _) in enumerate([*source.train_list, *source.test_list])}
    contents["batches.meta"] = {"label_names": [f"kind {i}" for i in range(10)]}
    for name, content in contents.items():
        data = pickle.dumps(content)
        (top / name).write_bytes(data)
        sums[name] = hashlib.md5(data).hexdigest()
    monkeypatch.setattr(source, "train_list", [[name, sums[name]] for name, _ in source.train_list])
    monkeypatch.setattr(source, "test_list", [[name, sums[name]] for name, _ in source.test_list])
    monkeypatch.setattr(source, "meta", {**source.meta, "md5": sums["batches.meta"]})
    return top.parent


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-py"])
def test_it_opens_with_its_own_test_images_in_their_order(published: Path, tmp_path: Path, inside: str) -> None:
    dataset = open_dataset(CifarData(path=published / inside, validation_share=0.2), cache=tmp_path)
    assert dataset.label == "CIFAR-10"
    assert dataset.classes == tuple(f"kind {i}" for i in range(10))
    assert dataset.mean == (0.491, 0.482, 0.447)
    assert dataset.std == (0.247, 0.243, 0.262)
    assert torch.bincount(dataset.train.labels).tolist() == [16] * 10
    assert torch.bincount(dataset.validation.labels).tolist() == [4] * 10
    assert torch.equal(dataset.train.images[:, 0, 0, 0].long(), dataset.train.labels)
    stored = _batch(5)
    np.testing.assert_array_equal(dataset.test.labels, stored["labels"])
    np.testing.assert_array_equal(dataset.test.images.flatten(1), stored["data"])


def test_the_data_folder_is_searched_when_no_path_is_given(published: Path, tmp_path: Path) -> None:
    assert len(open_dataset(CifarData(), cache=tmp_path, data_folder=published).test) == COUNT
    with pytest.raises(DataError, match=r"data.path: say in which folder CIFAR-10 lies, or set CARD_STUDIO_DATA"):
        open_dataset(CifarData(), cache=tmp_path)


def test_a_missing_file_is_named_with_its_source(published: Path, tmp_path: Path) -> None:
    (published / "cifar-10-batches-py" / "data_batch_3").unlink()
    with pytest.raises(DataError, match=r"data_batch_3: no such file of CIFAR-10: unpack https://.*cifar-10-python"):
        open_dataset(CifarData(path=published), cache=tmp_path)


def test_a_foreign_pickle_is_never_opened(published: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "owned",)

    (published / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(DataError, match=r"test_batch: not the published file of CIFAR-10 \(MD5"):
        open_dataset(CifarData(path=published), cache=tmp_path)
    assert not (tmp_path / "owned").exists()


def test_cifar_100_has_its_fine_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = torchvision_module("datasets").CIFAR100
    top = tmp_path / source.base_folder
    top.mkdir()
    random, labels = np.random.default_rng(0), np.tile(np.arange(100), 5)
    contents: dict[str, Any] = {
        name: {
            "data": random.integers(0, 256, (500, 3072), np.uint8),
            "fine_labels": labels.tolist(),
            "coarse_labels": [0] * 500,
        }
        for name in ("train", "test")
    }
    contents["meta"] = {"fine_label_names": [f"fine {i}" for i in range(100)]}
    sums = {}
    for name, content in contents.items():
        (top / name).write_bytes(pickle.dumps(content))
        sums[name] = hashlib.md5((top / name).read_bytes()).hexdigest()
    monkeypatch.setattr(source, "train_list", [["train", sums["train"]]])
    monkeypatch.setattr(source, "test_list", [["test", sums["test"]]])
    monkeypatch.setattr(source, "meta", {**source.meta, "md5": sums["meta"]})
    options = CifarData(name=DatasetName.CIFAR100, path=tmp_path, validation_share=0.2)
    dataset = open_dataset(options, cache=tmp_path)
    assert dataset.label == "CIFAR-100"
    assert dataset.classes[99] == "fine 99"
    assert dataset.test.labels.tolist() == labels.tolist()
    assert torch.bincount(dataset.train.labels).tolist() == [4] * 100
    np.testing.assert_array_equal(dataset.test.images.flatten(1), contents["test"]["data"])
    assert dataset.mean == (0.5071, 0.4865, 0.4409)


def test_cifar_100_names_its_own_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cifar-100-python/train: no such file of CIFAR-100"):
        open_dataset(CifarData(name=DatasetName.CIFAR100, path=tmp_path), cache=tmp_path)


@pytest.fixture
def server(published: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves the archive of the published files on this machine."""
    source = torchvision_module("datasets").CIFAR10
    archive = published / source.filename
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(published / source.base_folder, source.base_folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(published))

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.daemon_threads = False  # so that closing waits for answers under way
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        monkeypatch.setattr(source, "url", f"http://127.0.0.1:{httpd.server_port}/{source.filename}")
        monkeypatch.setattr(source, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
        yield source.url
        httpd.shutdown()
        thread.join()


def test_it_is_fetched_on_request(server: str, tmp_path: Path) -> None:
    dataset = open_dataset(CifarData(path=tmp_path / "fetched", download=True), cache=tmp_path)
    assert len(dataset.test) == COUNT


def test_fetching_says_how_far_it_is(server: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = CifarData(path=tmp_path / "fetched", download=True)
    shares = list(opening_dataset(options, cache=tmp_path))
    assert len(shares) >= 10
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1
    assert capfd.readouterr() == ("", "")
    assert {path.name for path in (tmp_path / "fetched").iterdir()} == {"cifar-10-batches-py", "cifar-10-python.tar.gz"}


def test_what_is_there_is_not_fetched_again(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = CifarData(path=tmp_path / "fetched", download=True)
    first = open_dataset(options, cache=tmp_path)
    monkeypatch.setattr(torchvision_module("datasets").CIFAR10, "url", server + ".gone")
    assert open_dataset(options, cache=tmp_path).digest == first.digest
    (tmp_path / "fetched" / "cifar-10-batches-py" / "data_batch_2").write_bytes(b"damaged")
    assert open_dataset(options, cache=tmp_path).digest == first.digest  # unpacked anew from the archive


def test_a_download_given_up_leaves_nothing_half_done(server: str, tmp_path: Path) -> None:
    opening = opening_dataset(CifarData(path=tmp_path / "fetched", download=True), cache=tmp_path)
    next(opening)
    opening.close()
    assert list((tmp_path / "fetched").iterdir()) == []


def test_a_server_that_sends_something_else_is_found_out(server: str, published: Path, tmp_path: Path) -> None:
    (published / "cifar-10-python.tar.gz").write_bytes(b"<html>sign in first</html>")
    with pytest.raises(DataError, match=r"sent 26 bytes that are not the published archive of CIFAR-10"):
        open_dataset(CifarData(path=tmp_path / "fetched", download=True), cache=tmp_path)
    assert list((tmp_path / "fetched").iterdir()) == []


def test_a_failed_download_is_one_line(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_module("datasets").CIFAR10, "url", server + ".gone")
    with pytest.raises(DataError, match=r"cifar-10-python.tar.gz: CIFAR-10 could not be fetched") as caught:
        open_dataset(CifarData(path=tmp_path / "fetched", download=True), cache=tmp_path)
    assert "\n" not in str(caught.value)
