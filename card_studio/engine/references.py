"""Prepares a deck's gate: reference spectra of each augmentation, and each suite image's distance to them (METHODS 6).

Distances belong to one reference set and one suite, so decks that share an augmentation share them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from card_studio.domain.gate import Floats, Images, features, nearest, reference_images_name, reference_key, suit_label
from card_studio.domain.ids import ContentHash
from card_studio.domain.job import GateOptions, PrepareGate, Suite
from card_studio.domain.options import AugmentationOptions
from card_studio.domain.run import AnyEvent, DistancesMeasured, PhaseStarted, ReferenceBuilt
from card_studio.engine.context import Context
from card_studio.engine.data.augment import reference_images
from card_studio.engine.data.datasets import Dataset, opening_dataset
from card_studio.engine.data.suites import SuiteImages
from card_studio.engine.opening import OPENING, heard
from card_studio.engine.resume import Pace, resumable
from card_studio.engine.seeds import seeded
from card_studio.files import array_bytes, keep_content, read_array, write_atomically

_BLOCK = 250
_MAKING_WEIGHT = 2.0


@resumable
def prepare_gate(spec: PrepareGate, context: Context) -> Iterator[AnyEvent]:
    """Build the references of a job's augmentations, then measure the suites' distances to them.

    Every augmentation is done to the same seeded training images: `options.images` of them, or all if there are fewer.

    Raises:
        DataError: the dataset or a suite's folder is missing or damaged.
    """
    yield PhaseStarted(text=OPENING)
    dataset = yield from heard(opening_dataset(spec.data, cache=context.cache, data_folder=context.data_folder))
    suits = {reference_key(dataset.digest, each, spec.options): each for each in spec.augmentations}
    cells = sum(1 + len(suite.corruptions) * len(suite.severities) for suite in spec.suites)
    pace = Pace(len(suits) + cells * (len(suits) + _MAKING_WEIGHT))
    references: dict[str, Floats] = {}
    for key, augmentation in suits.items():
        yield PhaseStarted(text=f"reference spectra of {suit_label(augmentation)}")
        reused = _made(key, augmentation, dataset, spec.options, context.cache / "references")
        references[key] = read_array(_spectra_path(context.cache / "references", key))
        yield _built(key, augmentation, references[key], dataset, spec.options, context)
        yield from pace.step(1, reused=reused)
    for suite in spec.suites:
        images = SuiteImages(suite, dataset, context.cache, context.data_folder)
        yield from _Distances(images, references, spec.options, context.cache, pace).measure()
        for key in references:
            yield _measured(key, suite, images, dataset, spec.options, context)


def references_of(dataset: Dataset, augmentation: AugmentationOptions, options: GateOptions) -> Images:
    """Return one augmentation's reference images, uint8 [M, 3, H, W], M no more than there are images.

    The images and their augmentation are drawn from the options' seed; the choice is the same for each augmentation.
    """
    chosen = torch.randperm(len(dataset.train.images), generator=seeded(options.seed, "reference images"))
    images = dataset.train.images[chosen[: options.images]]
    return np.asarray(reference_images(images, augmentation, seeded(options.seed, "reference augmentation")).numpy())


def reference_spectra(dataset: Dataset, augmentation: AugmentationOptions, options: GateOptions) -> Floats:
    """Return the features of one augmentation's reference images, float32 [M, F]."""
    return features(references_of(dataset, augmentation, options), options)


def _made(key: str, augmentation: AugmentationOptions, dataset: Dataset, options: GateOptions, folder: Path) -> bool:
    """Have a set's spectra in the cache, and its images, to be shown beside a picture; return whether both were."""
    spectra, pictures = _spectra_path(folder, key), folder / reference_images_name(key)
    if spectra.exists() and pictures.exists():
        return True
    images = references_of(dataset, augmentation, options)
    write_atomically(pictures, array_bytes(images))
    write_atomically(spectra, array_bytes(features(images, options)))
    return False


def _spectra_path(folder: Path, key: str) -> Path:
    return folder / f"{key}.npy"


def _built(
    key: str,
    augmentation: AugmentationOptions,
    spectra: Floats,
    dataset: Dataset,
    options: GateOptions,
    context: Context,
) -> ReferenceBuilt:
    return ReferenceBuilt(
        key=key,
        data_digest=dataset.digest,
        data_label=dataset.label,
        augmentation=augmentation,
        options=options,
        spectra=ContentHash(keep_content(context.artifacts, array_bytes(spectra))),
    )


class _Distances:
    """The distances of one suite's images to each reference set, a file in the cache for each cell and set."""

    def __init__(
        self, images: SuiteImages, references: dict[str, Floats], options: GateOptions, cache: Path, pace: Pace
    ) -> None:
        self._images = images
        self._references = references
        self._options = options
        self._cache = cache
        self._pace = pace

    def measure(self) -> Iterator[AnyEvent]:
        """Measure what is not there yet, cell by cell, each image's spectrum being taken once for all sets."""
        for index, (name, severity) in enumerate(self._images.cells):
            missing = [key for key in self._references if not self.path(key, index).exists()]
            yield PhaseStarted(text=f"distances: {name}, severity {severity}" if name else "distances: clean images")
            yield from self._pace.step(len(self._references) - len(missing), reused=True)
            if not missing:
                yield from self._pace.step(_MAKING_WEIGHT, reused=True)
                continue
            yield from self._cell(index, missing)

    def path(self, key: str, index: int) -> Path:
        """Return where the distances of the cell of that index to a reference set are kept."""
        return distance_path(self._cache, key, self._images.cache_key, index)

    def _cell(self, index: int, missing: list[str]) -> Iterator[AnyEvent]:
        cell = self._images.cells[index]
        done = 0.0
        for share in self._images.make(cell):
            yield from self._pace.step((share - done) * _MAKING_WEIGHT)
            done = share
        yield from self._pace.step((1 - done) * _MAKING_WEIGHT, reused=True)
        images = self._images.images(cell)
        found: dict[str, list[Floats]] = {key: [] for key in missing}
        for start in range(0, len(images), _BLOCK):
            block = np.asarray(images[start : start + _BLOCK])
            spectra = features(block, self._options)
            for key in missing:
                found[key].append(nearest(spectra, self._references[key])[0])
            yield from self._pace.step(len(missing) * len(block) / len(images))
        for key, parts in found.items():
            write_atomically(self.path(key, index), array_bytes(np.concatenate(parts)))


def distance_path(cache: Path, reference: str, suite: str, index: int) -> Path:
    """Return where one cell's distances to a reference set are kept until the suite is complete."""
    return cache / "distances" / f"{reference[:32]}-{suite[:32]}" / f"{index}.npy"


def _measured(
    key: str, suite: Suite, images: SuiteImages, dataset: Dataset, options: GateOptions, context: Context
) -> DistancesMeasured:
    cells = range(len(images.cells))
    distances: NDArray[np.float32] = np.stack(
        [read_array(distance_path(context.cache, key, images.cache_key, index)) for index in cells]
    )
    return DistancesMeasured(
        reference_key=key,
        suite=suite,
        suite_key=images.key,
        data_digest=dataset.digest,
        data=dataset.options,
        distances=ContentHash(keep_content(context.artifacts, array_bytes(distances))),
    )
