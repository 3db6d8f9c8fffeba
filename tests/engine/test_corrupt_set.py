"""A corrupted set on disk: CIFAR-C's layout, the builtin suite's images, going on where it was stopped, refusals."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from card_studio.domain.ids import CardId
from card_studio.domain.job import CorruptDataset, EvaluateCards, Suite, title
from card_studio.domain.names import CorruptionName
from card_studio.domain.options import NpzData, OwnCorruption
from card_studio.domain.run import Advanced, AnyEvent, CardEvaluated, PhaseStarted
from card_studio.engine.context import Context
from card_studio.engine.corrupt_set import corrupt_dataset
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.data.suites import SuiteImages
from card_studio.engine.evaluate import evaluate_cards
from card_studio.engine.own_code import use_extensions
from card_studio.errors import DataError, ExtensionError
from card_studio.files import file_hash
from card_studio.studio.describe import describe_file
from card_studio.studio.examples import example_extension

NOISE, FOG, CONTRAST = CorruptionName.GAUSSIAN_NOISE, CorruptionName.FOG, CorruptionName.CONTRAST
MakeCardFile = Callable[..., CardId]


@pytest.fixture
def spec(small_data: NpzData, tmp_path: Path) -> CorruptDataset:
    return CorruptDataset(data=small_data, out=tmp_path / "colours-c", corruptions=(NOISE, FOG), seed=3)


def write(spec: CorruptDataset, context: Context) -> list[AnyEvent]:
    return list(corrupt_dataset(spec, context))


def test_the_files_hold_the_builtin_suite_severity_by_severity(
    spec: CorruptDataset, small_dataset: Dataset, context: Context
) -> None:
    events = write(spec, context)
    assert {path.name for path in spec.out.iterdir()} == {
        "labels.npy", "gaussian_noise.npy", "fog.npy", "manifest.json"
    }  # fmt: skip
    labels = np.load(spec.out / "labels.npy")
    assert labels.tolist() == small_dataset.test.labels.tolist() * 5
    builtin = SuiteImages(Suite(corruptions=(NOISE, FOG), seed=3), small_dataset, context.cache)
    for name in (NOISE, FOG):
        written = np.load(spec.out / f"{name}.npy")
        assert written.dtype == np.uint8
        assert written.shape == (150, 12, 12, 3)
        for severity in (1, 2, 3, 4, 5):
            rows = written[30 * (severity - 1) : 30 * severity]
            assert rows.transpose(0, 3, 1, 2).tolist() == builtin.images((name, severity)).tolist()
    assert [event.text for event in events if isinstance(event, PhaseStarted)][1:] == [
        "gaussian_noise, severities 1 to 5", "fog, severities 1 to 5"
    ]  # fmt: skip
    assert [event.progress for event in events if isinstance(event, Advanced)][-1] == 1


def test_the_manifest_says_what_it_is(spec: CorruptDataset, small_dataset: Dataset, context: Context) -> None:
    write(spec, context)
    manifest = json.loads((spec.out / "manifest.json").read_text())
    assert manifest["digest"] == small_dataset.digest
    assert manifest["dataset"] == "colours"
    assert manifest["seed"] == 3
    assert manifest["severities"] == [1, 2, 3, 4, 5]
    assert manifest["images"] == 30
    assert manifest["constants_version"] == 1
    assert set(manifest["packages"]) == {"card-studio", "torch", "numpy", "Pillow"}
    assert manifest["corruptions"] == {name: file_hash(spec.out / f"{name}.npy") for name in (NOISE, FOG)}


def test_evaluating_on_it_gives_exactly_the_builtin_accuracies(
    spec: CorruptDataset, small_card: MakeCardFile, context: Context
) -> None:
    write(spec, context)
    card = small_card()

    def cells(**options: object) -> list[tuple[str | None, int, float]]:
        suite = Suite.model_validate({"corruptions": (NOISE, FOG), **options})
        (result,) = [
            event
            for event in evaluate_cards(EvaluateCards(cards=(card,), suite=suite), context)
            if isinstance(event, CardEvaluated)
        ]
        return [(cell.corruption, cell.severity, cell.accuracy) for cell in result.cells]

    assert cells(source=str(spec.out)) == cells(seed=3)
    assert cells(source=str(spec.out), images=11) == cells(seed=3, images=11)
    assert cells(source=str(spec.out)) != cells(seed=4)


def test_a_set_of_the_first_images_is_evaluated_on_these(
    spec: CorruptDataset, small_dataset: Dataset, context: Context
) -> None:
    write(spec.model_copy(update={"images": 12}), context)
    assert np.load(spec.out / "fog.npy").shape == (5 * 12, 12, 12, 3)
    suite = Suite(source=str(spec.out), corruptions=(NOISE, FOG), images=12)
    ours = SuiteImages(suite, small_dataset, context.cache)
    builtin = SuiteImages(Suite(corruptions=(NOISE, FOG), images=12, seed=3), small_dataset, context.cache)
    assert ours.images((FOG, 4)).tolist() == builtin.images((FOG, 4)).tolist()
    with pytest.raises(DataError, match=r"holds the first 12 of 30 test images: evaluate no more .*\(images = 12\)"):
        SuiteImages(suite.model_copy(update={"images": 0}), small_dataset, context.cache)
    with pytest.raises(DataError, match="holds another set, whose images is 12 instead of 30"):
        write(spec, context)


def test_whole_files_stay_and_the_rest_is_made(spec: CorruptDataset, context: Context) -> None:
    first = spec.model_copy(update={"corruptions": (NOISE,)})
    write(first, context)
    before = (spec.out / "gaussian_noise.npy").stat()
    events = write(spec, context)
    assert (spec.out / "gaussian_noise.npy").stat().st_mtime_ns == before.st_mtime_ns
    assert (spec.out / "fog.npy").exists()
    assert "gaussian_noise.npy is there and whole" in [getattr(event, "text", "") for event in events]


def test_a_damaged_file_is_made_again(spec: CorruptDataset, context: Context) -> None:
    write(spec, context)
    whole = (spec.out / "fog.npy").read_bytes()
    (spec.out / "fog.npy").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    write(spec, context)
    assert (spec.out / "fog.npy").read_bytes() == whole


def test_a_damaged_file_is_not_evaluated(spec: CorruptDataset, small_dataset: Dataset, context: Context) -> None:
    write(spec, context)
    suite = Suite(source=str(spec.out), corruptions=(NOISE, FOG))
    SuiteImages(suite, small_dataset, context.cache)
    whole = (spec.out / "fog.npy").read_bytes()
    (spec.out / "fog.npy").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DataError, match=r"fog.npy: not as it was written: run `card-studio corrupt`"):
        SuiteImages(suite, small_dataset, context.cache)
    (spec.out / "fog.npy").write_bytes(whole[:-9])
    with pytest.raises(DataError, match=r"fog.npy: not a .npy file of plain numbers"):
        SuiteImages(suite, small_dataset, context.cache)
    (spec.out / "fog.npy").unlink()
    with pytest.raises(DataError, match=r"fog.npy: no such file.*zenodo.org/records/2535967"):
        SuiteImages(suite, small_dataset, context.cache)


def test_what_is_half_written_never_looks_whole(
    spec: CorruptDataset, context: Context, small_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop inside each of the two corruptions, as a pause, a cancel or the host's end does."""
    monkeypatch.setattr("card_studio.engine.data.suites._CHUNK", 7)
    monkeypatch.setattr("card_studio.engine.resume.Pace.__init__.__defaults__", (0.0,), raising=False)
    task = corrupt_dataset(spec, context)
    while not any(".fog.npy." in path.name for path in spec.out.glob(".*")):
        next(task)
    task.close()
    assert not (spec.out / "fog.npy").exists()
    assert not list(spec.out.glob(".*"))
    suite = Suite(source=str(spec.out), corruptions=(NOISE, FOG))
    with pytest.raises(DataError, match=r"fog is not made, or not finished: run `card-studio corrupt`"):
        SuiteImages(suite, small_dataset, context.cache)
    write(spec, context)
    SuiteImages(suite, small_dataset, context.cache)


def test_the_rest_of_a_killed_job_is_removed(spec: CorruptDataset, context: Context) -> None:
    spec.out.mkdir()
    (spec.out / ".fog.npy.abc.part").write_bytes(b"half")
    write(spec, context)
    assert not list(spec.out.glob(".*"))


def test_two_jobs_do_not_write_one_folder(spec: CorruptDataset, context: Context) -> None:
    first = corrupt_dataset(spec, context)
    while not (spec.out / "labels.npy").exists():
        next(first)
    with pytest.raises(DataError, match="another job is writing there"):
        write(spec, context)
    assert list(first)
    write(spec, context)


@pytest.mark.parametrize(
    ("change", "key"), [({"seed": 4}, "seed is 3 instead of 4"), ({"split": "validation"}, "split is test")]
)
def test_another_set_in_the_folder_is_left_alone(
    spec: CorruptDataset, context: Context, change: dict[str, object], key: str
) -> None:
    write(spec, context)
    before = {path: path.stat().st_mtime_ns for path in spec.out.iterdir()}
    with pytest.raises(DataError, match=f"holds another set, whose {key}"):
        write(spec.model_copy(update=change), context)
    assert {path: path.stat().st_mtime_ns for path in spec.out.iterdir()} == before


def test_a_folder_with_foreign_arrays_is_left_alone(spec: CorruptDataset, context: Context) -> None:
    spec.out.mkdir()
    np.save(spec.out / "labels.npy", np.arange(3))
    with pytest.raises(DataError, match=r"holds labels.npy, which is not of a set of ours: choose an empty folder"):
        write(spec, context)
    assert np.load(spec.out / "labels.npy").tolist() == [0, 1, 2]


def test_a_set_of_another_dataset_or_split_is_refused(
    spec: CorruptDataset, small_dataset: Dataset, context: Context
) -> None:
    write(spec, context)
    suite = Suite(source=str(spec.out), corruptions=(NOISE,))
    with pytest.raises(DataError, match="holds test images; validation images are asked for"):
        SuiteImages(suite.model_copy(update={"split": "validation"}), small_dataset, context.cache)
    manifest = spec.out / "manifest.json"
    manifest.write_text(manifest.read_text().replace(small_dataset.digest, "0" * 64))
    with pytest.raises(DataError, match=r"made from colours \(digest 00000000.*not from the dataset that is evaluated"):
        SuiteImages(suite, small_dataset, context.cache)


def test_a_folder_made_anew_is_answered_anew(spec: CorruptDataset, small_card: MakeCardFile, context: Context) -> None:
    """Answers that were kept for the old files must not be taken for the new ones."""
    card, suite = small_card(), Suite(source=str(spec.out), corruptions=(NOISE,))

    def answers() -> str:
        (result,) = [
            event
            for event in evaluate_cards(EvaluateCards(cards=(card,), suite=suite), context)
            if isinstance(event, CardEvaluated)
        ]
        return str(result.probabilities)

    write(spec, context)
    first = answers()
    for path in spec.out.iterdir():
        path.unlink()
    write(spec.model_copy(update={"seed": 4}), context)
    for path in spec.out.iterdir():
        os.utime(path)
    assert answers() != first


def test_its_name_in_the_queue_and_its_path(spec: CorruptDataset) -> None:
    assert title(spec) == "Corrupt colours into colours-c"
    with pytest.raises(ValueError, match="must be an absolute path"):
        CorruptDataset(data=spec.data, out=Path("here"))


@pytest.fixture
def bars(tmp_path: Path) -> Iterator[OwnCorruption]:
    """The example's corruption, as a workspace offers it."""
    extension = describe_file(example_extension())
    folder = tmp_path / "extensions"
    folder.mkdir()
    shutil.copy(example_extension(), folder / f"{extension.source}.py")
    (folder / f"{extension.source}.json").write_text(extension.model_dump_json())
    use_extensions(folder)
    yield OwnCorruption.model_validate({"name": "own.posterise_bars", "source": extension.source, "width": 4})
    use_extensions(tmp_path / "none")


def test_one_of_ones_own_is_written_with_the_hash_of_its_code(
    spec: CorruptDataset, small_dataset: Dataset, context: Context, bars: OwnCorruption
) -> None:
    both = spec.model_copy(update={"corruptions": (FOG, bars.name), "own": (bars,)})
    write(both, context)
    manifest = json.loads((spec.out / "manifest.json").read_text())
    assert manifest["own"] == {"own.posterise_bars": {"name": bars.name, "source": bars.source, "width": 4}}
    assert manifest["corruptions"][bars.name] == file_hash(spec.out / "own.posterise_bars.npy")
    asked = {"corruptions": (FOG, bars.name), "own": (bars,)}
    builtin = SuiteImages(Suite.model_validate({**asked, "seed": 3}), small_dataset, context.cache)
    of_the_set = Suite.model_validate({**asked, "source": str(spec.out)})
    use_extensions(context.cache)  # its images need no code any more
    ours = SuiteImages(of_the_set, small_dataset, context.cache)
    stored = np.load(spec.out / "own.posterise_bars.npy")[4 * 30 :].transpose(0, 3, 1, 2)
    assert ours.images((bars.name, 5)).tolist() == stored.tolist()
    assert "own.posterise_bars.npy is there and whole" in [getattr(event, "text", "") for event in write(both, context)]
    with pytest.raises(ExtensionError, match=r"own.posterise_bars needs the code"):
        builtin.images((bars.name, 5))


def test_a_set_made_by_other_code_is_refused(
    spec: CorruptDataset, small_dataset: Dataset, context: Context, bars: OwnCorruption
) -> None:
    write(spec.model_copy(update={"corruptions": (bars.name,), "own": (bars,)}), context)
    other = bars.model_copy(update={"source": "b" * 64})
    with pytest.raises(DataError, match=r"own.posterise_bars made by the code \w+, width = 4 instead of the code bbbb"):
        write(spec.model_copy(update={"corruptions": (bars.name,), "own": (other,)}), context)
    suite = Suite(source=str(spec.out), corruptions=(bars.name,), own=(other,))
    with pytest.raises(
        DataError, match=r"own.posterise_bars was made by the code \w+, width = 4, not by the code bbbb"
    ):
        SuiteImages(suite, small_dataset, context.cache)
    write(spec, context)  # others may join it
    assert set(json.loads((spec.out / "manifest.json").read_text())["corruptions"]) == {NOISE, FOG, bars.name}


def test_one_of_ones_own_that_a_set_lacks_is_made_from_the_clean_images(
    spec: CorruptDataset, small_dataset: Dataset, context: Context, bars: OwnCorruption
) -> None:
    write(spec, context)
    suite = Suite(source=str(spec.out), corruptions=(FOG, bars.name), own=(bars,), seed=3)
    builtin = SuiteImages(suite.model_copy(update={"source": "builtin"}), small_dataset, context.cache / "another")
    ours = SuiteImages(suite, small_dataset, context.cache)
    assert ours.images((bars.name, 2)).tolist() == builtin.images((bars.name, 2)).tolist()
