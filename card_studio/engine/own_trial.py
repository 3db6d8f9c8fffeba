"""A method of one's own is tried once when it is added, so that a mistake shows then and not hours later."""

from collections.abc import Callable

import torch
from torch import Tensor

from card_studio.domain.names import SEVERITIES, MethodKind
from card_studio.domain.options import Own, OwnAugmentation, OwnCorruption, OwnCriterion, OwnNetwork
from card_studio.engine.nets import initialise, prunable
from card_studio.engine.nets_parts import CIFAR_MEAN, CIFAR_STD, Shape
from card_studio.engine.own import own_augmentation, own_corrupted, own_network, own_scores
from card_studio.errors import ExtensionError

_SIZE, _CLASSES, _IMAGES = 32, 10, 3


def _try_network(method: Own) -> None:
    """Build it for 32 x 32 images, also without memory for its weights, as card files are checked; run it once."""
    network = OwnNetwork.model_validate(method.model_dump())
    shape = Shape(classes=_CLASSES, size=_SIZE, mean=CIFAR_MEAN, std=CIFAR_STD, width=1.0, affine=True)
    net = own_network(network, shape)
    with torch.device("meta"):
        outline = own_network(network, shape)
    what = f"network {method.name}"
    if not prunable(net):
        raise ExtensionError(f"{what} has no Conv2d or Linear layer, so that there is nothing to prune")
    if {*dict(outline.named_buffers()), *dict(outline.named_parameters())} != {*outline.state_dict()}:
        raise ExtensionError(f"{what} keeps tensors outside its state dict: register its buffers as persistent")
    initialise(net, network.init, torch.Generator().manual_seed(0))
    with torch.no_grad():
        answers = net.eval()(_images())
    if not isinstance(answers, Tensor) or tuple(answers.shape) != (_IMAGES, _CLASSES):
        found = list(answers.shape) if isinstance(answers, Tensor) else type(answers).__name__
        raise ExtensionError(f"{what} must return logits [{_IMAGES}, {_CLASSES}], not {found}")


def _try_augmentation(method: Own) -> None:
    images = _images()
    before = images.clone()
    options = OwnAugmentation.model_validate(method.model_dump())
    made = own_augmentation(images, torch.Generator().manual_seed(0), options)
    if not torch.equal(images, before):
        raise ExtensionError(f"augmentation {method.name} changes the images that it is given: work on a copy")
    again = own_augmentation(images, torch.Generator().manual_seed(0), options)
    if not bool(torch.isfinite(made).all()) or not torch.equal(made, again):
        raise ExtensionError(
            f"augmentation {method.name} must return numbers, the same for the same seed: draw from the generator only"
        )


def _try_criterion(method: Own) -> None:
    generator = torch.Generator().manual_seed(0)
    weights = {"conv.weight": torch.randn(4, 3, 3, 3, generator=generator), "fc.weight": torch.randn(10, 4)}
    own_scores(OwnCriterion.model_validate(method.model_dump()), weights)


def _try_corruption(method: Own) -> None:
    images = _images().mul(255).to(torch.uint8)
    seeds = torch.arange(len(images))
    options = OwnCorruption.model_validate(method.model_dump())
    for severity in SEVERITIES:
        made = own_corrupted(images, severity, seeds, options)
        if not torch.equal(made, own_corrupted(images, severity, seeds, options)):
            raise ExtensionError(
                f"corruption {method.name} must return the same for the same seed: draw from the generator only"
            )


def _images() -> Tensor:
    return torch.rand((_IMAGES, 3, _SIZE, _SIZE), generator=torch.Generator().manual_seed(0))


TRIALS: dict[MethodKind, Callable[[Own], None]] = {
    MethodKind.NETWORK: _try_network,
    MethodKind.AUGMENTATION: _try_augmentation,
    MethodKind.CORRUPTION: _try_corruption,
    MethodKind.CRITERION: _try_criterion,
}
"""Each is given a method by name and source with its default options, and raises ExtensionError if it fails."""
