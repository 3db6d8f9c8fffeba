"""An example of methods of one's own: a network, an augmentation, a pruning criterion and a corruption, all small.

Copy it, change it, and add it to a workspace:

    card-studio extend my_methods.py

card-studio asks once whether it may run the file, keeps a copy of it, and runs it in child processes only. Its methods
then stand in the form of a new job, in `card-studio options`, and in recipes, where their names begin with `own.`:

    [network]
    name = "own.tiny_mixer"
    depth = 3

    [augmentation]
    name = "own.stripes"
    period = 8

    [compression]
    method = "lrr"
    criterion = { name = "own.spread", power = 0.5 }

The SHA-256 of this file is part of each recipe, and so of each card's fingerprint: a changed file makes other cards.
An installed package offers the same by an entry point of the group `card_studio.extensions` that names such a module;
`card-studio extend --installed` adds those.
"""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from card_studio.engine.nets_parts import ImageClassifier, Shape
from card_studio.extend import Options, augmentation, corruption, criterion, network, option


class MixerOptions(Options):
    """Declared once: form, command line, checks and the recipe's record follow."""

    depth: int = option(2, "Mixing blocks", unit="blocks", ge=1, le=16)
    patch: int = option(4, "Pixels on each side of a patch", unit="px", ge=1, le=16)


class TinyMixer(ImageClassifier):
    """Patches become channels, then blocks mix first within each channel, then between channels."""

    def __init__(self, shape: Shape, options: MixerOptions) -> None:
        super().__init__(shape)
        channels = shape.channels(24)
        layers: list[nn.Module] = [nn.Conv2d(3, channels, options.patch, options.patch, bias=False)]
        for _ in range(options.depth):
            layers += [
                nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False),
                nn.BatchNorm2d(channels, affine=shape.affine),
                nn.ReLU(inplace=True),
                nn.Conv2d(channels, channels, 1, bias=False),
                nn.BatchNorm2d(channels, affine=shape.affine),
                nn.ReLU(inplace=True),
            ]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, shape.classes, bias=shape.affine)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return logits [N, classes] of normalised images."""
        logits: Tensor = self.classifier(self.features(inputs).mean((2, 3)))
        return logits


@network("tiny_mixer", MixerOptions)
def tiny_mixer(shape: Shape, options: MixerOptions) -> nn.Module:
    """A small network that mixes patches, then channels."""
    return TinyMixer(shape, options)


class StripesOptions(Options):
    """Where the stripes lie, and how strong they are."""

    period: int = option(4, "Pixels from one stripe to the next", unit="px", ge=2, le=32)
    strength: float = option(0.4, "Weight of the stripes, the rest being the image", gt=0, le=1)
    direction: Literal["rows", "columns"] = option("rows", "Along what they run")


@augmentation("stripes", StripesOptions)
def stripes(images: Tensor, generator: torch.Generator, options: StripesOptions) -> Tensor:
    """Stripes of a random grey at a random offset, mixed into each image."""
    count, _, height, width = images.shape
    offsets = torch.randint(options.period, (count, 1), generator=generator)
    greys = torch.rand((count, 1, 1, 1), generator=generator).to(images)
    length = height if options.direction == "rows" else width
    on = (torch.arange(length) + offsets) % options.period == 0
    place = on[:, None, :, None] if options.direction == "rows" else on[:, None, None, :]
    weight = options.strength * place.to(images)
    return images * (1 - weight) + greys * weight


class SpreadOptions(Options):
    """How much a layer's own scale counts."""

    power: float = option(1.0, "Exponent of the layer's standard deviation; 0 is plain magnitude", ge=0, le=4)


@criterion("spread", SpreadOptions)
def spread(weights: Mapping[str, Tensor], options: SpreadOptions) -> dict[str, Tensor]:
    """Magnitude times the standard deviation of the layer's weights."""
    return {name: weight.abs() * weight.std() ** options.power for name, weight in weights.items()}


class BarsOptions(Options):
    """How wide a bar is."""

    width: int = option(8, "Width of a bar", unit="px", ge=1, le=64)


@corruption("posterise_bars", BarsOptions)
def posterise_bars(image: Tensor, severity: int, generator: torch.Generator, options: BarsOptions) -> Tensor:
    """Vertical bars with fewer grey levels, from 32 at severity 1 to 2 at severity 5."""
    step = 256 // (32, 16, 8, 4, 2)[severity - 1]
    bars = torch.arange(image.shape[2]) // options.width
    chosen = torch.rand(int(bars.max()) + 1, generator=generator)[bars] < 0.5
    return torch.where(chosen.to(image.device), image // step * step, image)
