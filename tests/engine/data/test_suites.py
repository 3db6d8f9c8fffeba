"""A suite's images: which cells, their sharing between suites, and folders in CIFAR-C's layout."""

from pathlib import Path

import numpy as np
import pytest

from card_studio.domain.job import Suite
from card_studio.domain.names import STANDARD_CORRUPTIONS, CorruptionName
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.data.suites import SuiteImages, cells_of
from card_studio.errors import DataError

NOISE, CONTRAST = CorruptionName.GAUSSIAN_NOISE, CorruptionName.CONTRAST


def test_cells_are_clean_then_corruptions_in_order_with_rising_severities() -> None:
    suite = Suite(corruptions=(CONTRAST, NOISE), severities=(5, 2))
    assert cells_of(suite) == ((None, 0), (CONTRAST, 2), (CONTRAST, 5), (NOISE, 2), (NOISE, 5))
    assert len(cells_of(Suite())) == 1 + 15 * 5
    assert {name for name, _ in cells_of(Suite())} == {None, *STANDARD_CORRUPTIONS}


def test_a_subset_of_cells_has_the_same_images_and_files(small_dataset: Dataset, context: Context) -> None:
    whole = SuiteImages(Suite(corruptions=(NOISE, CONTRAST)), small_dataset, context.cache)
    part = SuiteImages(Suite(corruptions=(NOISE,), severities=(3,)), small_dataset, context.cache / "elsewhere")
    assert whole.images((NOISE, 3)).tolist() == part.images((NOISE, 3)).tolist()
    files = set(context.cache.glob("suites/*"))
    again = SuiteImages(Suite(corruptions=(NOISE,), severities=(3,)), small_dataset, context.cache)
    again.images((NOISE, 3))
    assert set(context.cache.glob("suites/*")) == files
    assert again.making_s == 0


def test_the_clean_cell_holds_the_split_and_the_labels(small_dataset: Dataset, context: Context) -> None:
    for split, images in (("test", small_dataset.test), ("validation", small_dataset.validation)):
        suite = SuiteImages(Suite.model_validate({"split": split, "images": 7}), small_dataset, context.cache)
        assert suite.images((None, 0)).tolist() == images.images[:7].tolist()
        assert suite.labels.tolist() == images.labels[:7].tolist()


def test_another_seed_gives_other_noise_and_severity_more(small_dataset: Dataset, context: Context) -> None:
    clean = small_dataset.test.images.numpy().astype(int)
    first = SuiteImages(Suite(), small_dataset, context.cache)
    second = SuiteImages(Suite(seed=1), small_dataset, context.cache)
    assert first.images((NOISE, 5)).tolist() != second.images((NOISE, 5)).tolist()
    strength = [np.abs(first.images((NOISE, severity)) - clean).mean() for severity in (1, 3, 5)]
    assert strength == sorted(strength)


def test_stored_images_are_mapped_for_reading_only(small_dataset: Dataset, context: Context) -> None:
    images = SuiteImages(Suite(), small_dataset, context.cache).images((NOISE, 1))
    assert isinstance(images, np.memmap)
    assert not images.flags.writeable


def write_folder(folder: Path, dataset: Dataset, *, repeats: int = 5) -> np.ndarray:
    folder.mkdir()
    count = len(dataset.test)
    pixels = np.random.default_rng(0).integers(0, 256, (5 * count, 12, 12, 3), np.uint8)
    np.save(folder / "contrast.npy", pixels)
    np.save(folder / "labels.npy", np.tile(dataset.test.labels.numpy(), repeats))
    return pixels


@pytest.mark.parametrize("repeats", [1, 5])
def test_a_folder_is_read_severity_by_severity(
    small_dataset: Dataset, context: Context, tmp_path: Path, repeats: int
) -> None:
    pixels = write_folder(tmp_path / "corrupted", small_dataset, repeats=repeats)
    suite = Suite(source=str(tmp_path / "corrupted"), corruptions=(CONTRAST,), images=4)
    images = SuiteImages(suite, small_dataset, context.cache)
    assert images.images((CONTRAST, 3)).tolist() == pixels[60:64].transpose(0, 3, 1, 2).tolist()
    assert images.images((None, 0)).tolist() == small_dataset.test.images[:4].tolist()
    assert images.making_s == 0


def test_a_relative_folder_starts_from_the_data_folder(
    small_dataset: Dataset, context: Context, tmp_path: Path
) -> None:
    write_folder(tmp_path / "corrupted", small_dataset)
    suite = Suite(source="corrupted", corruptions=(CONTRAST,))
    assert SuiteImages(suite, small_dataset, context.cache, tmp_path).images((CONTRAST, 1)).shape == (30, 3, 12, 12)


def test_folders_that_do_not_fit_are_refused(small_dataset: Dataset, context: Context, tmp_path: Path) -> None:
    folder = tmp_path / "corrupted"
    write_folder(folder, small_dataset)

    def refusal(**options: object) -> str:
        suite = Suite.model_validate({"source": str(folder), "corruptions": (CONTRAST,), **options})
        with pytest.raises(DataError) as error:
            SuiteImages(suite, small_dataset, context.cache)
        return str(error.value)

    assert "fog.npy: no such file" in refusal(corruptions=("fog",))
    assert "validation images" in refusal(split="validation")
    np.save(folder / "contrast.npy", np.zeros((150, 3, 12, 12), np.uint8))
    assert "expected uint8 [150, 12, 12, 3], found uint8 [150, 3, 12, 12]" in refusal()
    (folder / "contrast.npy").write_text("no array")
    assert "not a .npy file" in refusal()
    np.save(folder / "contrast.npy", np.array([{"a": 1}]), allow_pickle=True)
    assert "not a .npy file" in refusal()
    np.save(folder / "labels.npy", np.zeros(150, np.int64))
    assert "labels.npy" in refusal()
    (folder / "labels.npy").unlink()
    assert "labels.npy: no such file" in refusal()
    assert "zenodo.org/records/2535967" in refusal()


@pytest.mark.parametrize("file", ["labels.npy", "contrast.npy"])
def test_damaged_files_are_refused_in_one_line(
    small_dataset: Dataset, context: Context, tmp_path: Path, file: str
) -> None:
    folder = tmp_path / "corrupted"
    write_folder(folder, small_dataset)
    path = folder / file
    suite, whole = Suite(source=str(folder), corruptions=(CONTRAST,)), path.read_bytes()

    def assert_refused() -> None:
        with pytest.raises(DataError, match=file) as caught:
            SuiteImages(suite, small_dataset, context.cache)
        assert "\n" not in str(caught.value)

    end = whole.index(b"}")
    for damaged in (b"", whole[:-1], whole.replace(b"}", b" "), whole.replace(b"(150,", b"(-15,")):
        path.write_bytes(damaged)
        assert_refused()
    path.write_bytes(whole[:end].replace(b"(150,", b"(%s," % (b"9" * 20)) + whole[end:-19])
    assert_refused()
    for stranger in (np.array(5), np.array("cat"), np.zeros((2, 2))):
        np.save(path, stranger)
        assert_refused()
    path.unlink()
    path.mkdir()
    assert_refused()
