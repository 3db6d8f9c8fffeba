"""Weights packed to what information theory allows: an entropy-coded mask, then signs or values of what it keeps.

A layer whose kept weights are all +-alpha is binary: one sign bit each and one alpha. Any other keeps its values as
float32 (exact), float16, or int8 with one scale. Removed weights come back as +0.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from card_studio.domain.options import VALUE_BITS, ValueType
from card_studio.errors import CardFileError

Weights = NDArray[np.float32]
_DTYPES: dict[ValueType, Any] = {"float32": np.float32, "float16": np.float16, "int8": np.int8}
_SCALE_BITS = 32
_INT8_MAX = 127
_SCALE_MANTISSA_BITS = 17
"""So short that 127 * scale is exact in float32, and a quantised layer quantises to itself."""
_FLOAT16 = np.finfo(np.float16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What the file says of one layer."""

    name: str
    size: int
    kept: int
    binary: bool

    @property
    def density(self) -> float:
        """Share of weights kept."""
        return self.kept / self.size if self.size else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Layers in order, and their content."""

    layers: tuple[Layer, ...]
    masks: NDArray[np.uint8]
    """The coder's 32-bit words, as little-endian bytes."""
    signs: NDArray[np.uint8]
    """Eight to a byte, set where negative; kept weights of all binary layers in order."""
    values: NDArray[Any]
    """Kept weights of all other layers in order, in the file's value type."""
    scales: NDArray[np.float32]
    """Per layer: a binary layer's alpha; else what int8 values are multiplied by, or 1."""


def pack(weights: Mapping[str, Weights], values: ValueType) -> Packed:
    """Pack layers of weights.

    Args:
        weights: flat float32 arrays by layer name, in the network's order.
        values: how the kept weights of layers that are not binary are stored.

    Raises:
        CardFileError: int8 or float16 is asked for weights that are not finite.
    """
    layers, masks, signs, kept_values, scales = [], [], [], [], []
    for name, flat in weights.items():
        mask = flat != 0
        kept = flat[mask]
        binary = is_binary(kept)
        layers.append(Layer(name=name, size=flat.size, kept=kept.size, binary=binary))
        masks.append(mask)
        if binary:
            signs.append(kept < 0)
            scales.append(np.abs(kept[0]))
        else:
            quantised, scale = _quantise(kept, values, name)
            kept_values.append(quantised)
            scales.append(scale)
    return Packed(
        layers=tuple(layers),
        masks=_encode_masks(layers, masks),
        signs=np.packbits(np.concatenate([*signs, np.zeros(0, bool)])),
        values=np.concatenate([*kept_values, np.zeros(0, _DTYPES[values])]),
        scales=np.array(scales, np.float32),
    )


def unpack(packed: Packed, values: ValueType) -> dict[str, Weights]:
    """Return the flat float32 arrays that were packed, by layer name.

    Raises:
        CardFileError: the parts do not fit each other.
    """
    _check(packed, values)
    masks = _decode_masks(packed)
    binary_kept = sum(layer.kept for layer in packed.layers if layer.binary)
    negative = np.unpackbits(packed.signs, count=binary_kept).astype(bool)
    sign_at = value_at = 0
    weights: dict[str, Weights] = {}
    for layer, mask, scale in zip(packed.layers, masks, packed.scales, strict=True):
        flat = np.zeros(layer.size, np.float32)
        if layer.binary:
            flat[mask] = np.where(negative[sign_at : sign_at + layer.kept], -scale, scale)
            sign_at += layer.kept
        else:
            stored = packed.values[value_at : value_at + layer.kept].astype(np.float32)
            flat[mask] = stored * scale if values == "int8" else stored
            value_at += layer.kept
        weights[layer.name] = flat
    return weights


def reference_bits(layers: tuple[Layer, ...], values: ValueType) -> float:
    """Return the layers' reference size: sum of n * H(density) + kept * bits per value, and alphas or scales."""
    bits = 0.0
    for layer in layers:
        p = layer.density
        if 0 < p < 1:
            bits -= layer.size * (p * np.log2(p) + (1 - p) * np.log2(1 - p))
        bits += layer.kept * (1 if layer.binary else VALUE_BITS[values])
        bits += _SCALE_BITS if layer.binary or values == "int8" else 0
    return bits


def is_binary(kept: Weights) -> bool:
    """Tell whether all values are +-alpha, to the bit."""
    magnitudes = np.abs(kept).view(np.uint32)
    return bool(kept.size and np.isfinite(kept[0]) and (magnitudes == magnitudes[0]).all())


def _quantise(kept: Weights, values: ValueType, name: str) -> tuple[NDArray[Any], np.float32]:
    """Return stored values and their scale; no kept weight becomes 0, so that the sparsity stays what it was."""
    one = np.float32(1)
    if values == "float32":
        return kept, one
    if not np.isfinite(kept).all():
        raise CardFileError(f"layer {name} has weights that are not finite: store its values as float32")
    magnitudes = np.abs(kept)
    if values == "float16":
        halves = np.clip(magnitudes, _FLOAT16.smallest_subnormal, _FLOAT16.max).astype(np.float16)
        return np.copysign(halves, kept).astype(np.float16), one
    scale = _short_scale(magnitudes.max() / _INT8_MAX) if kept.size else one
    steps = np.clip(np.rint(magnitudes / scale), 1, _INT8_MAX)
    return np.copysign(steps, kept).astype(np.int8), scale


def _short_scale(scale: np.float32) -> np.float32:
    """Round a scale up to few enough bits, and above the subnormal numbers."""
    mantissa, exponent = np.frexp(np.float64(max(scale, np.finfo(np.float32).tiny)))
    return np.float32(np.ldexp(np.ceil(np.ldexp(mantissa, _SCALE_MANTISSA_BITS)), exponent - _SCALE_MANTISSA_BITS))


def _is_coded(layer: Layer) -> bool:
    """A layer that keeps all or nothing needs no bits for its mask."""
    return 0 < layer.kept < layer.size


def _encode_masks(layers: list[Layer], masks: list[NDArray[np.bool_]]) -> NDArray[np.uint8]:
    coder = constriction.stream.stack.AnsCoder()
    for layer, mask in zip(reversed(layers), reversed(masks), strict=True):  # a stack: the last in is the first out
        if _is_coded(layer):
            coder.encode_reverse(mask.astype(np.int32), _bernoulli(layer))
    words: NDArray[np.uint32] = coder.get_compressed()
    return words.astype("<u4").view(np.uint8)


def _decode_masks(packed: Packed) -> list[NDArray[np.bool_]]:
    try:
        coder = constriction.stream.stack.AnsCoder(packed.masks.view("<u4").astype(np.uint32))
    except ValueError as error:
        raise CardFileError("the masks are not what the coder writes") from error
    masks = []
    for layer in packed.layers:
        mask = np.full(layer.size, layer.kept > 0)
        if _is_coded(layer):
            mask = coder.decode(_bernoulli(layer), layer.size).astype(bool)
        if np.count_nonzero(mask) != layer.kept:
            raise CardFileError(f"the mask of layer {layer.name} does not keep {layer.kept} weights")
        masks.append(mask)
    if not coder.is_empty():
        raise CardFileError("there are more mask bits than layers")
    return masks


def _bernoulli(layer: Layer) -> Any:
    return constriction.stream.model.Bernoulli(layer.density, perfect=False)


def _check(packed: Packed, values: ValueType) -> None:
    binary = sum(layer.kept for layer in packed.layers if layer.binary)
    other = sum(layer.kept for layer in packed.layers if not layer.binary)
    fits = (
        all(0 <= layer.kept <= layer.size for layer in packed.layers)
        and all(part.ndim == 1 for part in (packed.masks, packed.signs, packed.values, packed.scales))
        and [str(part.dtype) for part in (packed.masks, packed.signs, packed.scales)] == ["uint8", "uint8", "float32"]
        and str(packed.values.dtype) == values
        and (packed.masks.size % 4, packed.signs.size) == (0, -(-binary // 8))
        and (packed.values.size, packed.scales.size) == (other, len(packed.layers))
    )
    if not fits:
        raise CardFileError("the packed weights do not fit the layers")
