"""Gate references and distances: against the gate itself, sharing, resuming, and the shares measured on real images."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from card_studio.domain.gate import Gate, choose_each, features, reference_images_name, reference_key, suit_label
from card_studio.domain.job import GateOptions, PrepareGate, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.options import (
    AugmixAugmentation,
    CleanAugmentation,
    FolderData,
    GaussianAugmentation,
    NpzData,
    ShapesData,
)
from card_studio.domain.run import AnyEvent, CheckpointSaved, DistancesMeasured, ReferenceBuilt
from card_studio.engine.context import Command, Context
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.data.suites import SuiteImages
from card_studio.engine.references import prepare_gate, reference_spectra
from card_studio.files import content_path, read_array

SUITS = (CleanAugmentation(), GaussianAugmentation(), AugmixAugmentation())
SUITE = Suite(corruptions=(CorruptionName.GAUSSIAN_NOISE, CorruptionName.CONTRAST), severities=(1, 5))
REAL = Path(
    os.environ.get("CARD_STUDIO_TEST_IMAGES")
    or Path(__file__).parents[2].parent / "shared" / "data" / "cifar10-train-jpeg.zip"
)


def lasting(events: list[AnyEvent]) -> list[AnyEvent]:
    return [event for event in events if isinstance(event, ReferenceBuilt | DistancesMeasured)]


def test_stored_distances_are_those_of_the_gate(small_data: NpzData, small_dataset: Dataset, context: Context) -> None:
    spec = PrepareGate(data=small_data, augmentations=SUITS, options=GateOptions(images=40), suites=(SUITE,))
    events = lasting(list(prepare_gate(spec, context)))
    built = [event for event in events if isinstance(event, ReferenceBuilt)]
    measured = [event for event in events if isinstance(event, DistancesMeasured)]
    assert [event.key for event in built] == [reference_key(small_dataset.digest, each, spec.options) for each in SUITS]
    assert [event.reference_key for event in measured] == [event.key for event in built]
    spectra = {suit_label(e.augmentation): read_array(content_path(context.artifacts, e.spectra)) for e in built}
    assert {each.shape for each in spectra.values()} == {(40, 12 * 7)}
    gate = Gate(spectra, spec.options)
    stored = np.stack([read_array(content_path(context.artifacts, e.distances)) for e in measured], axis=2)
    assert stored.dtype == np.float32
    images = SuiteImages(SUITE, small_dataset, context.cache)
    for index, cell in enumerate(images.cells):
        assert stored[index] == pytest.approx(gate.distances(np.array(images.images(cell))), rel=1e-5)


def test_opening_the_images_tells_how_far_it_is(context: Context) -> None:
    data = ShapesData(train_images=1500, held_out_images=20)
    events = list(
        prepare_gate(PrepareGate(data=data, augmentations=SUITS[:1], options=GateOptions(images=40)), context)
    )
    assert any("opening the images: 40 %" in getattr(event, "text", "") for event in events)


def test_the_images_are_kept_beside_their_spectra_and_made_anew_if_they_are_lost(
    small_data: NpzData, small_dataset: Dataset, context: Context
) -> None:
    spec = PrepareGate(data=small_data, augmentations=SUITS, options=GateOptions(images=20))
    first = lasting(list(prepare_gate(spec, context)))
    for event in first:
        assert isinstance(event, ReferenceBuilt)
        path = context.cache / "references" / reference_images_name(event.key)
        images = read_array(path)
        assert (images.dtype, images.shape) == (np.uint8, (20, 3, *small_dataset.train.images.shape[2:]))
        spectra = read_array(content_path(context.artifacts, event.spectra))
        assert features(images, spec.options).tolist() == spectra.tolist()
        path.unlink()
    assert lasting(list(prepare_gate(spec, context))) == first
    assert all((context.cache / "references" / reference_images_name(event.key)).exists() for event in first)


def test_every_augmentation_gets_the_same_seeded_training_images(small_dataset: Dataset) -> None:
    options = GateOptions(images=25, seed=3)
    clean = reference_spectra(small_dataset, CleanAugmentation(), options)
    faint = reference_spectra(small_dataset, GaussianAugmentation(sigma=1e-6, probability=0.1), options)
    assert faint == pytest.approx(clean, abs=1e-6)
    known = {row.tobytes() for row in features(small_dataset.train.images.numpy(), options)}
    assert {row.tobytes() for row in clean} <= known
    assert len({row.tobytes() for row in clean}) == 25
    other = reference_spectra(small_dataset, CleanAugmentation(), GateOptions(images=25, seed=4))
    assert not np.array_equal(other, clean)


def test_noise_is_always_applied_whatever_its_probability(small_dataset: Dataset) -> None:
    options = GateOptions(images=30)
    never = reference_spectra(small_dataset, GaussianAugmentation(probability=0), options)
    always = reference_spectra(small_dataset, GaussianAugmentation(probability=1), options)
    assert never.tolist() == always.tolist()
    assert not np.isclose(never, reference_spectra(small_dataset, CleanAugmentation(), options)).all(axis=1).any()


def test_fewer_training_images_than_asked_are_all_taken(small_dataset: Dataset) -> None:
    assert len(reference_spectra(small_dataset, CleanAugmentation(), GateOptions())) == 90


def test_running_again_reports_the_same_and_makes_nothing(small_data: NpzData, context: Context) -> None:
    spec = PrepareGate(data=small_data, augmentations=SUITS[:2], options=GateOptions(images=9), suites=(SUITE,))
    first = lasting(list(prepare_gate(spec, context)))
    made = {path: path.stat().st_mtime_ns for path in context.cache.rglob("*.npy")}
    assert lasting(list(prepare_gate(spec, context))) == first
    assert {path: path.stat().st_mtime_ns for path in context.cache.rglob("*.npy")} == made


def test_a_job_saved_anywhere_goes_on_and_reports_each_result_once(small_data: NpzData, context: Context) -> None:
    spec = PrepareGate(data=small_data, augmentations=SUITS[:2], options=GateOptions(images=9), suites=(SUITE,))
    whole = lasting(list(prepare_gate(spec, context)))
    for stop_after in range(len(whole) + 1):
        context.checkpoint.unlink(missing_ok=True)
        task = prepare_gate(spec, context)
        before: list[AnyEvent] = [next(task)]
        while len(lasting(before)) < stop_after:
            before.append(next(task))
        assert isinstance(task.send(Command.SAVE), CheckpointSaved)
        task.close()
        assert lasting(before + list(prepare_gate(spec, context))) == whole


@pytest.fixture(scope="module")
def real_shares(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[CorruptionName | None, int], np.ndarray]:
    """Return the share of 600 real test images sent to each suit, by cell (METHODS 6: M = 2,000, m = 1)."""
    if not REAL.exists():
        pytest.skip(f"no CIFAR-10 images at {REAL}: set CARD_STUDIO_TEST_IMAGES to their .zip")
    folder = tmp_path_factory.mktemp("real")
    context = Context(
        device=torch.device("cpu"),
        threads=1,
        cache=folder / "cache",
        stages=folder,
        cards=folder,
        artifacts=folder / "artifacts",
        checkpoint=folder / "checkpoint",
        data_folder=None,
    )
    suite = Suite(corruptions=(CorruptionName.GAUSSIAN_NOISE, CorruptionName.DEFOCUS_BLUR), images=600)
    order = (CleanAugmentation(), AugmixAugmentation(), GaussianAugmentation())
    spec = PrepareGate(data=FolderData(path=REAL, images_per_class=600), augmentations=order, suites=(suite,))
    events = [event for event in prepare_gate(spec, context) if isinstance(event, DistancesMeasured)]
    distances = np.stack([read_array(content_path(context.artifacts, event.distances)) for event in events], axis=2)
    cells = [(None, 0), *((name, severity) for name in suite.corruptions for severity in suite.severities)]
    return {cell: np.bincount(choose_each(distances[index], 1), minlength=3) / 600 for index, cell in enumerate(cells)}


@pytest.mark.parametrize("severity", [3, 4, 5])
def test_real_images_with_strong_noise_go_to_the_gaussian_references(
    real_shares: dict[tuple[CorruptionName | None, int], np.ndarray], severity: int
) -> None:
    assert real_shares[CorruptionName.GAUSSIAN_NOISE, severity][2] >= 0.85


def test_real_images_that_are_clean_or_blurred_do_not(
    real_shares: dict[tuple[CorruptionName | None, int], np.ndarray],
) -> None:
    assert real_shares[None, 0][2] <= 0.03
    for severity in range(1, 6):
        assert real_shares[CorruptionName.DEFOCUS_BLUR, severity][2] <= 0.03


def test_faint_noise_is_not_seen_and_clean_images_are_near_a_coin_toss(
    real_shares: dict[tuple[CorruptionName | None, int], np.ndarray],
) -> None:
    assert real_shares[CorruptionName.GAUSSIAN_NOISE, 1][2] < 0.15  # METHODS: 3 %
    assert 0.5 < real_shares[None, 0][0] < 0.72  # METHODS: clean / AugMix 61 / 38 %
