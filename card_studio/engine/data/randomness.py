"""Random numbers that are a pure function of an image's seed, made for a whole batch at once on any device.

A counter-based generator: the 32-bit word number i of an image is a hash of i and the image's 63-bit seed, so that a
batch split anywhere gives the same images bit for bit. The hash is two rounds of the `lowbias32` integer finaliser
(Wellons 2018) under a key that splitmix64 (Steele et al. 2014) makes of seed and stream.
"""

import math

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_WORD = 2**32


def image_seeds(count: int, generator: torch.Generator) -> Tensor:
    """Draw one 63-bit seed for each of `count` images, in order.

    Args:
        count: number of images.
        generator: on the CPU, where numbers are drawn one after another; on a GPU splitting a batch would change them.

    Returns:
        int64 [count], on the CPU.

    Raises:
        ValueError: the generator is not on the CPU.
    """
    if generator.device.type != "cpu":
        raise ValueError("image_seeds needs a CPU generator, on whatever device the images are")
    return torch.randint(2**63 - 1, (count,), generator=generator, dtype=torch.int64)


def words(seeds: Tensor, count: int, stream: int = 0) -> Tensor:
    """Return int32 [N, count]: uniformly random words of 32 bits for each of N seeds.

    Args:
        seeds: int64 [N].
        count: words for each seed; the first ones are the same whatever the count.
        stream: different streams of one seed are independent.
    """
    key = _splitmix(seeds + (stream + 1) * 0x632BE59BD9B4E019)
    low, high = _signed_word(key), _signed_word(key >> 32)
    counter = torch.arange(count, dtype=torch.int32, device=seeds.device) * (0x9E3779B9 - _WORD)
    mixed = _mix(counter + low[:, None])
    return _mix(mixed.bitwise_xor_(high[:, None]))


def uniforms(seeds: Tensor, count: int, stream: int = 0, *, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Return float32 [N, count], uniform in [low, high) with 24 random bits each, never exactly `low`."""
    fractions = (words(seeds, count, stream) >> 8).float()
    return fractions.mul_((high - low) * 2.0**-24).add_(low + (high - low) * (0.5 + 2.0**-25))


def normals(seeds: Tensor, count: int, stream: int = 0) -> Tensor:
    """Return float32 [N, count] of the standard normal distribution, by Box and Muller's transform."""
    half = (count + 1) // 2
    pairs = uniforms(seeds, 2 * half, stream)
    radius = pairs[:, :half].log().mul_(-2.0).sqrt_()
    angle = pairs[:, half:] * (2 * math.pi)
    return torch.cat((angle.cos().mul_(radius), angle.sin_().mul_(radius)), dim=1)[:, :count]


def integers(seeds: Tensor, count: int, below: int, stream: int = 0) -> Tensor:
    """Return int64 [N, count], uniform in [0, below); `below` is at most 2**16."""
    return ((words(seeds, count, stream) & 0x7FFFFFFF).long() * below) >> 31


def _splitmix(state: Tensor) -> Tensor:
    state = state + _GOLDEN
    state = (state ^ _shifted(state, 30)) * (0xBF58476D1CE4E5B9 - 2**64)
    state = (state ^ _shifted(state, 27)) * (0x94D049BB133111EB - 2**64)
    return state ^ _shifted(state, 31)


def _shifted(value: Tensor, bits: int) -> Tensor:
    """Shift int64 right, filling with zeros (torch's own shift copies the sign)."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)


def _signed_word(value: Tensor) -> Tensor:
    """Return the low 32 bits of int64 values as int32."""
    return (((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000).to(torch.int32)


def _mix(value: Tensor) -> Tensor:
    """Scramble int32 words in place, one to one; the masks make torch's shifts fill with zeros."""
    value.bitwise_xor_((value >> 16).bitwise_and_(0xFFFF)).mul_(0x7FEB352D)
    value.bitwise_xor_((value >> 15).bitwise_and_(0x1FFFF)).mul_(0x846CA68B - _WORD)
    return value.bitwise_xor_((value >> 16).bitwise_and_(0xFFFF))
