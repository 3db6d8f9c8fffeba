"""Class probabilities: of one network, batch by batch, and of every card of a deck."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from card_studio.domain.options import Precision
from card_studio.engine.arithmetic import arithmetic

_BATCHES = {"cpu": 64}
"""Measured with ResNet-20 on 32-pixel images: 64 stays in a processor's caches and below the size from which malloc
hands memory back after each use; 256 was 20 to 40 % slower."""
_GPU_BATCH = 1_024


def batch_for(device: torch.device) -> int:
    """Return how many images go through a network at once where nobody says otherwise."""
    return _BATCHES.get(device.type, _GPU_BATCH)


def ready(net: nn.Module, device: torch.device) -> nn.Module:
    """Return the network on the device, in eval mode and channels_last, the faster layout of convolutions."""
    net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    return net.eval()


def logits_of(net: nn.Module, images: Tensor, device: torch.device) -> Tensor:
    """Return the network's logits [N, C] for uint8 [N, 3, H, W] images, which it sees on the 0-1 scale."""
    batch = images.to(device).to(torch.float32).div_(255).contiguous(memory_format=torch.channels_last)
    logits: Tensor = net(batch)
    return logits


@torch.inference_mode()
def each_batch(
    net: nn.Module,
    images: Tensor,
    *,
    device: torch.device,
    batch: int | None = None,
    precision: Precision = "float32",
) -> Iterator[Tensor]:
    """Yield float32 class probabilities [n, C] of consecutive images; the network must be `ready`."""
    step = batch or batch_for(device)
    for start in range(0, len(images), step):
        with arithmetic(precision, device):
            logits = logits_of(net, images[start : start + step], device)
        yield logits.float().softmax(dim=1).cpu()


def probabilities(
    net: nn.Module,
    images: Tensor,
    *,
    device: torch.device,
    batch: int | None = None,
    precision: Precision = "float32",
) -> Tensor:
    """Return a network's class probabilities.

    Args:
        net: takes [0, 1] float images and gives logits; it is moved to the device and set to eval mode.
        images: uint8 [N, 3, H, W].
        device: where the network runs.
        batch: images in a forward pass; None for what suits the device.
        precision: of the forward pass; the softmax is taken in float32.

    Returns:
        float32 [N, C] on the processor, rows summing to 1; N may be 0 only if the network bears it.
    """
    return torch.cat(list(each_batch(ready(net, device), images, device=device, batch=batch, precision=precision)))


def deck_probabilities(nets: Sequence[nn.Module], images: Tensor, *, device: torch.device) -> Tensor:
    """Return every card's class probabilities for the same images: float32 [cards, N, C], cards in the given order.

    The networks must be `ready`: making them so takes a quarter of an answer's time.
    """
    return torch.stack([torch.cat(list(each_batch(net, images, device=device))) for net in nets])
