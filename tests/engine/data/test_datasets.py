"""Datasets open with the classes, splits, digest and normalisation that were asked for."""

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from card_studio.domain.options import CifarData, DataOptions, FolderData, NpzData, ShapesData
from card_studio.engine.data.datasets import Dataset, Split, measured_channels, open_dataset, opening_dataset
from card_studio.errors import DataError


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three classes of 20, 30 and 40 PNG files of 12 x 9 pixels, each of one colour that names class and number."""
    top = tmp_path / "pets"
    for label, (name, count) in enumerate({"ant": 20, "bee": 30, "cat": 40}.items()):
        (top / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (12, 9), (label * 50, number, 7)).save(top / name / f"{number:03}.png")
    return top


def _npz(folder: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    path = folder / "set.npz"
    np.savez(path, images=images, labels=labels)
    return path


def _splits(dataset: Dataset) -> tuple[Split, Split, Split]:
    return dataset.train, dataset.validation, dataset.test


def test_a_folder_is_split_without_overlap_or_loss(pictures: Path, tmp_path: Path) -> None:
    dataset = open_dataset(FolderData(path=pictures, size=8), cache=tmp_path / "cache")
    assert (dataset.label, dataset.classes, dataset.size) == ("pets", ("ant", "bee", "cat"), 8)
    seen = [tuple(image[:, 0, 0].tolist()) for split in _splits(dataset) for image in split.images]
    assert sorted(seen) == [(50 * c, i, 7) for c, n in enumerate((20, 30, 40)) for i in range(n)]
    for split in _splits(dataset):
        assert split.images.dtype == torch.uint8
        assert split.labels.dtype == torch.int64
        assert torch.equal(split.images[:, 0, 0, 0].long(), 50 * split.labels), "labels must go with their images"


def test_each_class_gives_its_share(pictures: Path, tmp_path: Path) -> None:
    options = FolderData(path=pictures, size=8, validation_share=0.1, test_share=0.2)
    dataset = open_dataset(options, cache=tmp_path / "cache")
    counts = [torch.bincount(split.labels).tolist() for split in _splits(dataset)]
    assert counts == [[14, 21, 28], [2, 3, 4], [4, 6, 8]]


def test_the_first_images_of_a_split_are_of_mixed_classes(pictures: Path, tmp_path: Path) -> None:
    dataset = open_dataset(FolderData(path=pictures, size=8), cache=tmp_path / "cache")
    assert len(set(dataset.train.labels[:20].tolist())) == 3


def test_the_digest_covers_content_classes_split_and_seed(pictures: Path, tmp_path: Path) -> None:
    def digest(**changes: object) -> str:
        options = FolderData.model_validate({"path": pictures, "size": 8, **changes})
        return open_dataset(options, cache=tmp_path / "cache").digest

    first = digest()
    assert first == digest(label="renamed")
    others = [digest(split_seed=1), digest(size=9), digest(test_share=0.2), digest(images_per_class=10)]
    Image.new("RGB", (12, 9), (1, 2, 3)).save(pictures / "ant" / "000.png")
    others.append(digest())
    (pictures / "ant").rename(pictures / "aphid")
    others.append(digest())
    assert len({first, *others}) == 1 + len(others)


def test_the_same_seed_draws_the_same_split(pictures: Path, tmp_path: Path) -> None:
    first, again, other = (
        open_dataset(FolderData(path=pictures, size=8, split_seed=seed), cache=tmp_path / f"cache{i}")
        for i, seed in enumerate((4, 4, 5))
    )
    assert torch.equal(first.test.images, again.test.images)
    assert not torch.equal(first.test.images, other.test.images)


def test_a_relative_path_starts_in_the_data_folder(pictures: Path, tmp_path: Path) -> None:
    options = FolderData(path=Path("pets"), size=8, label="Pets")
    dataset = open_dataset(options, cache=tmp_path / "cache", data_folder=tmp_path)
    assert dataset.label == "Pets"
    assert len(dataset.train) == 72


def test_normalisation_is_measured_on_the_training_images(pictures: Path, tmp_path: Path) -> None:
    dataset = open_dataset(FolderData(path=pictures, size=8), cache=tmp_path / "cache")
    scaled = dataset.train.images.double() / 255
    np.testing.assert_allclose(dataset.mean, scaled.mean(dim=(0, 2, 3)), rtol=1e-9)
    deviations = scaled.std(dim=(0, 2, 3), correction=0).clamp(min=1 / 255)
    np.testing.assert_allclose(dataset.std, deviations, rtol=1e-6)
    assert dataset.std[2] == 1 / 255, "the blue channel is constant, and nothing may be divided by zero"


def test_channels_are_measured_in_pieces() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2_500, 3, 4, 4), np.uint8)
    mean, std = measured_channels(images)
    np.testing.assert_allclose(mean, images.mean(axis=(0, 2, 3)) / 255, rtol=1e-9)
    np.testing.assert_allclose(std, images.std(axis=(0, 2, 3)) / 255, rtol=1e-9)


@pytest.mark.parametrize("last", [True, False])
def test_npz_takes_either_order_of_channels(tmp_path: Path, last: bool) -> None:
    labels = np.arange(60) % 3
    images = np.random.default_rng(0).integers(0, 256, (60, 3, 16, 16), np.uint8)
    images[:, 0, 0, 0] = labels
    stored = images.transpose(0, 2, 3, 1) if last else images
    dataset = open_dataset(NpzData(path=_npz(tmp_path, stored, labels)), cache=tmp_path)
    assert (dataset.label, dataset.classes, dataset.size) == ("set", ("0", "1", "2"), 16)
    assert [len(split) for split in _splits(dataset)] == [48, 6, 6]
    assert torch.equal(dataset.train.images[:, 0, 0, 0].long(), dataset.train.labels)


@pytest.mark.parametrize(
    ("images", "labels", "complaint"),
    [
        (np.zeros((9, 8, 8, 3), np.float32), np.arange(9) % 3, "images are float32"),
        (np.zeros((9, 8, 8), np.uint8), np.arange(9) % 3, "images are uint8"),
        (np.zeros((9, 8, 6, 3), np.uint8), np.arange(9) % 3, "must be square"),
        (np.zeros((9, 8, 8, 3), np.uint8), np.arange(8) % 3, "labels are int64"),
        (np.zeros((9, 8, 8, 3), np.uint8), np.arange(9) / 3, "labels are float64"),
        (np.zeros((9, 8, 8, 3), np.uint8), np.arange(9) - 1, "labels must be class numbers from 0 up"),
        (np.zeros((9, 8, 8, 3), np.uint8), np.full(9, 2), "class '0' has 0 images"),
        (np.zeros((9, 8, 8, 3), np.uint8), np.array(["a"] * 9, object), "cannot be read"),
    ],
)
def test_npz_that_is_not_as_said_is_refused(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray, complaint: str
) -> None:
    path = _npz(tmp_path, images, labels)
    with pytest.raises(DataError, match=complaint) as caught:
        open_dataset(NpzData(path=path), cache=tmp_path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    for name, content in {"text.npz": b"hello", "empty.npz": b"", "cut.npz": b"PK\x03\x04 cut off"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name}: cannot be read"):
            open_dataset(NpzData(path=tmp_path / name), cache=tmp_path)
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
    with pytest.raises(DataError, match=r"other.npz: images is not a file in the archive"):
        open_dataset(NpzData(path=tmp_path / "other.npz"), cache=tmp_path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_npz_is_read_or_refused_in_one_line(tmp_path: Path, save: Callable[..., None]) -> None:
    path = tmp_path / "set.npz"
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), np.uint8)
    save(path, images=images, labels=np.arange(30) % 3)
    whole, draws, refusals = path.read_bytes(), random.Random(0), []
    for _ in range(200):
        near = draws.choice([0, 250, len(whole) - 250])
        spot = min(near + draws.randrange(250), len(whole) - 1)
        path.write_bytes(whole[:spot] + bytes([whole[spot] ^ 1 << draws.randrange(8)]) + whole[spot + 1 :])
        try:
            open_dataset(NpzData(path=path), cache=tmp_path)
        except DataError as error:
            refusals.append(str(error))
    assert len(refusals) > 50
    assert all(refusal.startswith(f"{path}: ") and "\n" not in refusal for refusal in refusals)


@pytest.mark.parametrize("shape", ["(1000000000000, 32, 32, 3)", "(-1, 8, 8, 3)", "(99999999999999999999999,)"])
def test_an_npz_that_claims_more_than_there_is_is_refused(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}".ljust(117).encode() + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("images.npy", member)
        archive.writestr("labels.npy", member)
    with pytest.raises(DataError, match=r"set.npz: cannot be read"):
        open_dataset(NpzData(path=tmp_path / "set.npz"), cache=tmp_path)


def test_an_npz_whose_members_are_no_arrays_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("images", "a cat")
        archive.writestr("labels", "cat")
    with pytest.raises(DataError, match=r"set.npz: holds something else than arrays"):
        open_dataset(NpzData(path=tmp_path / "set.npz"), cache=tmp_path)


@pytest.mark.parametrize(
    "options", [FolderData(path=Path("nowhere")), NpzData(path=Path("nowhere.npz")), CifarData(path=Path("nowhere"))]
)
def test_what_is_missing_is_named(tmp_path: Path, options: DataOptions) -> None:
    with pytest.raises(DataError, match=r"nowhere.*: no such"):
        open_dataset(options, cache=tmp_path, data_folder=tmp_path)


def test_shapes_open_with_their_parts(tmp_path: Path) -> None:
    options = ShapesData(train_images=300, held_out_images=100)
    dataset = open_dataset(options, cache=tmp_path)
    assert (dataset.label, len(dataset.classes), dataset.size) == ("shapes", 10, 32)
    assert [len(split) for split in _splits(dataset)] == [300, 100, 100]
    again = open_dataset(options, cache=tmp_path)
    assert again.digest == dataset.digest
    assert torch.equal(again.test.images, dataset.test.images)
    other = open_dataset(ShapesData(train_images=300, held_out_images=100, render_seed=1), cache=tmp_path)
    assert other.digest != dataset.digest


def test_a_failed_reading_leaves_nothing_in_the_cache(pictures: Path, tmp_path: Path) -> None:
    (pictures / "bee" / "005.png").write_text("not an image")
    with pytest.raises(DataError, match=r"bee/005.png: not an image file"):
        open_dataset(FolderData(path=pictures, size=8), cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.*"))


def test_progress_rises_to_one_while_images_are_made(pictures: Path, tmp_path: Path) -> None:
    for options in (FolderData(path=pictures, size=8), ShapesData(train_images=500, held_out_images=250)):
        shares = list(opening_dataset(options, cache=tmp_path / "cache"))
        assert shares == sorted(shares)
        assert shares[-1] == pytest.approx(1)


def test_opening_can_be_given_up_and_begun_again(tmp_path: Path) -> None:
    options = ShapesData(train_images=1_000, held_out_images=100)
    opening = opening_dataset(options, cache=tmp_path)
    next(opening)
    opening.close()
    assert not list(tmp_path.rglob("*.*"))
    assert len(open_dataset(options, cache=tmp_path).train) == 1_000
