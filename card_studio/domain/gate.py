"""The gate: amplitude spectra of images, distances to reference sets, and the choice of an augmentation (METHODS 6).

One implementation for scoring, prediction and export. Pure NumPy: one real FFT and one matrix product per set.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.ids import ContentHash, short
from card_studio.domain.job import GateOptions, Suite
from card_studio.domain.names import AnyCorruption
from card_studio.domain.options import AugmentationOptions, AugmixAugmentation, GaussianAugmentation, OwnAugmentation
from card_studio.domain.recipe import identity_of

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]
_BLOCK = 256
_FEW = 4


def reference_augmentation(augmentation: AugmentationOptions) -> AugmentationOptions:
    """Return the augmentation as reference images get it: always applied, and without what only training knows.

    Gaussian noise has probability 1, AugMix no consistency loss (METHODS 6). Cards whose augmentations agree in this
    form belong to one suit.
    """
    if isinstance(augmentation, GaussianAugmentation):
        return augmentation.model_copy(update={"probability": 1.0})
    if isinstance(augmentation, AugmixAugmentation):
        return augmentation.model_copy(update={"jsd": False})
    return augmentation


def suit_label(augmentation: AugmentationOptions) -> str:
    """Return what a gate calls an augmentation: its name, and whatever of it is not as usual: `gaussian sigma=0.2`.

    One's own has all its options, and of which code it is: what is usual there is for the code to say.
    """
    if isinstance(augmentation, OwnAugmentation):
        given = {**(augmentation.model_extra or {}), "code": short(augmentation.source)}
        return " ".join([augmentation.name, *(f"{name}={value}" for name, value in given.items())])
    applied = reference_augmentation(augmentation)
    usual = reference_augmentation(type(augmentation)())
    changed = [
        f"{name}={getattr(applied, name):g}"
        for name in type(applied).model_fields
        if getattr(applied, name) != getattr(usual, name)
    ]
    return " ".join([str(applied.name), *changed])


def reference_key(data_digest: str, augmentation: AugmentationOptions, options: GateOptions) -> str:
    """Return the name of one reference set: a hash of all that determines its spectra.

    Args:
        data_digest: content digest of the dataset whose training images are augmented.
        augmentation: what is done to them; the probability of noise and the loss of AugMix do not count.
        options: how many images, and how their spectra are taken.

    Returns:
        64 hexadecimal digits.
    """
    applied = reference_augmentation(augmentation)
    return _key({"data": data_digest, "augmentation": identity_of(applied), "gate": identity_of(options)})


def suite_key(suite: Suite, data_digest: str) -> str:
    """Return the name of a suite's images on one dataset: a hash of all that determines them, 64 hexadecimal digits.

    A folder of images counts by its path, not by its content.
    """
    return _key({"data": data_digest, "suite": identity_of(suite)})


def cell_name(suite: Suite, data_digest: str, corruption: AnyCorruption | None, severity: int) -> str:
    """Return the name under which one cell's images are cached, the same for every suite that holds the cell.

    Args:
        suite: gives split, seed, source and number of images; its precision does not count.
        data_digest: content digest of the dataset.
        corruption: None for the clean images, whose severity is 0.
        severity: 1 to 5 with a corruption.
    """
    corruptions, severities = ((), ()) if corruption is None else ((corruption,), (severity,))
    own = tuple(each for each in suite.own if each.name == corruption)
    alone = suite.images_alone.model_copy(update={"corruptions": corruptions, "severities": severities, "own": own})
    return f"{corruption or 'clean'}-{severity}-{suite_key(alone, data_digest)[:32]}.npy"


def reference_images_name(key: str) -> str:
    """Return the name under which the images of a reference set are cached, uint8 [M, 3, H, W], in the spectra's order.

    Args:
        key: what `reference_key` returns for the set.
    """
    return f"{key}-images.npy"


def _key(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def features(images: Images, options: GateOptions) -> Floats:
    """Return the flattened half-plane amplitude spectrum of each image, on the 0-255 scale, DC kept.

    phi = log(1 + abs(rfft2(grey))), grey = channel mean, norm "backward" (METHODS 6); `amplitude` "raw" leaves out
    the logarithm and `colour` "rgb" takes each channel.

    Args:
        images: uint8 [N, 3, H, W].
        options: the gate's options.

    Returns:
        float32 [N, F]; F = H * (W // 2 + 1), three times that for "rgb".

    Raises:
        ValueError: the images are not uint8 [N, 3, H, W].
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"images must be uint8 [N, 3, H, W], not {images.dtype} {list(images.shape)}")
    planes = images.astype(np.float64)
    if options.colour == "grey":
        planes = planes.mean(axis=1, keepdims=True)
    amplitude = np.abs(np.fft.rfft2(planes))
    if options.amplitude == "log":
        amplitude = np.log1p(amplitude)
    return amplitude.reshape(len(images), -1).astype(np.float32)


def nearest(spectra: Floats, references: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return each spectrum's Euclidean distance to the nearest reference, and which one that is.

    Args:
        spectra: float32 [N, F].
        references: float32 [M, F].

    Returns:
        distances float32 [N] and indices int64 [N].
    """
    if len(spectra) <= _FEW:
        return _nearest_of_few(spectra, references)
    centre = references.mean(axis=0, dtype=np.float64).astype(np.float32)  # keeps the squares small: less cancellation
    references = references - centre
    squares = np.einsum("mf,mf->m", references, references)
    distances = np.empty(len(spectra), np.float32)
    indices = np.empty(len(spectra), np.int64)
    for start in range(0, len(spectra), _BLOCK):
        block = spectra[start : start + _BLOCK] - centre
        found = np.argmin(squares - 2 * (block @ references.T), axis=1)
        indices[start : start + _BLOCK] = found
        distances[start : start + _BLOCK] = np.linalg.norm(block - references[found], axis=1)
    return distances, indices


def _nearest_of_few(spectra: Floats, references: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Do the same by plain differences: for a dropped image much quicker than preparing a matrix product."""
    squares = np.empty((len(spectra), len(references)), np.float32)
    for row, spectrum in zip(squares, spectra, strict=True):
        difference = references - spectrum
        np.einsum("mf,mf->m", difference, difference, out=row)
    indices = squares.argmin(axis=1)
    return np.sqrt(squares[np.arange(len(spectra)), indices]), indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A stored reference set: the spectra of one dataset's training images under one augmentation."""

    key: str
    """What `reference_key` returns for it."""
    data_digest: str
    data_label: str
    augmentation: AugmentationOptions
    options: GateOptions
    spectra: ContentHash
    """A stored float32 array [M, F]."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a gate decided for a batch, and by how much."""

    chosen: int
    """Index of the augmentation with the least mean distance; the first of equals."""
    distances: Floats
    """[A] mean distance of the batch to each augmentation's references."""
    margin: float
    """(second least - least) / least; infinite where there is no second."""


def choose(distances: Floats) -> Choice:
    """Choose for one batch from its images' distances.

    Args:
        distances: float32 [m, A], one row per image, one column per augmentation in deck order.

    Raises:
        ValueError: there is no image or no augmentation.
    """
    if distances.ndim != 2 or 0 in distances.shape:
        raise ValueError(f"distances must be [m, A] with at least one of each, not {list(distances.shape)}")
    means = distances.mean(axis=0, dtype=np.float64)
    chosen = int(np.argmin(means))
    others = np.delete(means, chosen)
    if not len(others):
        margin = float("inf")
    elif means[chosen] > 0:
        margin = float((others.min() - means[chosen]) / means[chosen])
    else:
        margin = 0.0 if others.min() == 0 else float("inf")
    return Choice(chosen=chosen, distances=means.astype(np.float32), margin=margin)


def choose_each(distances: Floats, m: int) -> NDArray[np.int64]:
    """Return the chosen augmentation of every image, decided in batches of `m` consecutive images.

    A last partial batch is kept (METHODS 6).

    Args:
        distances: float32 [N, A], images of one corruption and severity in dataset order.
        m: images in a batch, at least 1.

    Returns:
        int64 [N].
    """
    if m < 1:
        raise ValueError(f"a batch holds at least one image, not {m}")
    if m == 1:
        singly: NDArray[np.int64] = np.argmin(distances, axis=1)
        return singly
    starts = np.arange(0, len(distances), m)
    sums = np.add.reduceat(distances.astype(np.float64), starts, axis=0)
    sizes = np.diff(np.append(starts, len(distances)))
    return np.repeat(np.argmin(sums / sizes[:, None], axis=1), sizes)


class Gate:
    """Reference spectra of several augmentations, asked which of them an image resembles most."""

    def __init__(self, references: Mapping[str, Floats], options: GateOptions | None = None) -> None:
        """Take the references in deck order.

        Args:
            references: label of an augmentation -> float32 [M, F], features of its reference images.
            options: how the references were made, and so how images are seen.

        Raises:
            ValueError: there are no references, or their lengths differ.
        """
        if not references or len({spectra.shape[-1] for spectra in references.values()}) != 1:
            raise ValueError("a gate needs at least one reference set, all of one feature length")
        self.references = dict(references)
        self.options = options or GateOptions()

    @classmethod
    def from_images(cls, images: Mapping[str, Images], options: GateOptions | None = None) -> "Gate":
        """Make a gate from augmented reference images, uint8 [M, 3, H, W] for each label."""
        options = options or GateOptions()
        return cls({label: features(each, options) for label, each in images.items()}, options)

    @property
    def labels(self) -> tuple[str, ...]:
        """The augmentations in deck order."""
        return tuple(self.references)

    def distances(self, images: Images) -> Floats:
        """Return float32 [N, A]: each image's distance to the nearest reference of each augmentation.

        Args:
            images: uint8 [N, 3, H, W] of the references' size.

        Raises:
            ValueError: the images are of another kind or size.
        """
        spectra = features(images, self.options)
        length = next(iter(self.references.values())).shape[1]
        if spectra.shape[1] != length:
            raise ValueError(f"images have {spectra.shape[1]} features, the references {length}: resize the images")
        return np.stack([nearest(spectra, each)[0] for each in self.references.values()], axis=1)

    def choose(self, images: Images) -> Choice:
        """Choose for `images` as one batch (m = their number)."""
        return choose(self.distances(images))

    def nearest_references(self, image: Images, count: int) -> dict[str, tuple[Floats, NDArray[np.int64]]]:
        """Return, for each augmentation, the `count` references nearest to an image, the nearest first.

        Args:
            image: uint8 [3, H, W] of the references' size.
            count: at most so many; fewer where there are fewer references.

        Returns:
            label -> distances float32 [count] and indices int64 [count] into the references.
        """
        (spectrum,) = features(image[None], self.options)
        return {label: _nearest_several(spectrum, each, count) for label, each in self.references.items()}


def _nearest_several(spectrum: Floats, references: Floats, count: int) -> tuple[Floats, NDArray[np.int64]]:
    difference = references - spectrum
    squares = np.einsum("mf,mf->m", difference, difference)
    order = np.argsort(squares, kind="stable")[:count]
    return np.sqrt(squares[order]), order
