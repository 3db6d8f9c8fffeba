"""Corruptions and augmentations work where their images lie: on a GPU as on the processor.

Without a GPU a tensor on torch's meta device stands in: it has a place and a shape but no values, so what runs there
shows that no tensor of the processor's is mixed in, not that the values are right.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from card_studio.domain.names import AugmentationName, CorruptionName
from card_studio.domain.options import AugmentationOptions, AugmixAugmentation, CleanAugmentation, GaussianAugmentation
from card_studio.engine.data.augment import augmented, reference_images
from card_studio.engine.data.corrupt import corrupt
from tests.engine.data.natural import as_batch, natural_pictures

READS_VALUES = {CorruptionName.JPEG_COMPRESSION, CorruptionName.SPATTER}
"""Look at values on the way (the codec runs on the processor; edges grow until nothing changes): not for meta."""
OPTIONS: dict[AugmentationName, AugmentationOptions] = {
    AugmentationName.CLEAN: CleanAugmentation(),
    AugmentationName.GAUSSIAN: GaussianAugmentation(),
    AugmentationName.AUGMIX: AugmixAugmentation(),
}
MOVES = {torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default}

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


class OnOneDevice(TorchDispatchMode):
    """Refuses an operation on tensors of two devices; a tensor of one value counts as a number."""

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.ndim]
        if len({tensor.device for tensor in tensors}) > 1 and func not in MOVES:
            raise AssertionError(f"{func} takes tensors of two devices")
        return func(*args, **(kwargs or {}))


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _alike(ours: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return the share of values within 1 grey level."""
    return float(((ours.cpu().int() - wanted.int()).abs() <= 1).double().mean())


def test_two_devices_in_one_operation_are_noticed() -> None:
    with OnOneDevice(), pytest.raises(AssertionError, match="two devices"):
        torch.empty(4, device="meta").index_select(0, torch.zeros(2, dtype=torch.int64))


@pytest.mark.parametrize("name", [name for name in CorruptionName if name not in READS_VALUES])
@pytest.mark.parametrize("severity", [1, 5])
def test_a_corruption_stays_on_its_images_device(name: CorruptionName, severity: int) -> None:
    with OnOneDevice():
        corrupted = corrupt(torch.empty(70, 3, 32, 48, dtype=torch.uint8, device="meta"), name, severity, _seeded())
    assert (corrupted.device.type, corrupted.dtype, corrupted.shape) == ("meta", torch.uint8, (70, 3, 32, 48))


@pytest.mark.parametrize("name", [AugmentationName.CLEAN, AugmentationName.GAUSSIAN])
def test_an_augmentation_stays_on_its_images_device(name: AugmentationName) -> None:
    with OnOneDevice():
        result = augmented(torch.empty(9, 3, 32, 32, device="meta"), _seeded(), OPTIONS[name])
    assert (result.device.type, result.shape) == ("meta", (9, 3, 32, 32))


@needs_gpu
@pytest.mark.parametrize("severity", [1, 5])
@pytest.mark.parametrize("name", list(CorruptionName))
def test_a_gpu_corrupts_as_the_processor(name: CorruptionName, severity: int) -> None:
    images = as_batch(natural_pictures(200))
    on_gpu = corrupt(images.cuda(), name, severity, _seeded())
    assert on_gpu.is_cuda
    assert _alike(on_gpu, corrupt(images, name, severity, _seeded())) >= 0.999


@needs_gpu
@pytest.mark.parametrize("make", [reference_images, lambda images, options, generator: _trained_on(images, options)])
@pytest.mark.parametrize("name", list(OPTIONS))
def test_a_gpu_augments_as_the_processor(name: AugmentationName, make: Callable[..., torch.Tensor]) -> None:
    images = as_batch(natural_pictures(200))
    on_gpu = make(images.cuda(), OPTIONS[name], _seeded())
    assert on_gpu.is_cuda
    assert _alike(on_gpu, make(images, OPTIONS[name], _seeded())) >= 0.995


def _trained_on(images: torch.Tensor, options: AugmentationOptions) -> torch.Tensor:
    return (augmented(images / 255, _seeded(), options) * 255).round().to(torch.uint8)
