"""Class probabilities: of one network, batch by batch, and of every card of a deck."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

BATCH = 256
"""Images in a forward pass: larger ones gain nothing on a processor, whose caches they leave."""


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
def each_batch(net: nn.Module, images: Tensor, *, device: torch.device, batch: int = BATCH) -> Iterator[Tensor]:
    """Yield float32 class probabilities [<= batch, C] of consecutive images; the network must be `ready`."""
    for start in range(0, len(images), batch):
        yield logits_of(net, images[start : start + batch], device).float().softmax(dim=1).cpu()


def probabilities(net: nn.Module, images: Tensor, *, device: torch.device, batch: int = BATCH) -> Tensor:
    """Return a network's class probabilities.

    Args:
        net: takes [0, 1] float images and gives logits; it is moved to the device and set to eval mode.
        images: uint8 [N, 3, H, W].
        device: where the network runs.
        batch: images in a forward pass.

    Returns:
        float32 [N, C] on the processor, rows summing to 1; N may be 0 only if the network bears it.
    """
    return torch.cat(list(each_batch(ready(net, device), images, device=device, batch=batch)))


def deck_probabilities(
    nets: Sequence[nn.Module], images: Tensor, *, device: torch.device, batch: int = BATCH
) -> Tensor:
    """Return every card's class probabilities for the same images: float32 [cards, N, C], cards in the given order."""
    return torch.stack([probabilities(net, images, device=device, batch=batch) for net in nets])
