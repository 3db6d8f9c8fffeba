"""The field's names as enumerations; the engine's registries are keyed by them and tested complete."""

from enum import StrEnum


class DatasetName(StrEnum):
    """Kinds of image dataset."""

    SHAPES = "shapes"
    CIFAR10 = "cifar10"
    CIFAR100 = "cifar100"
    FOLDER = "folder"
    NPZ = "npz"


class NetworkName(StrEnum):
    """Network architectures, by their names in the literature."""

    CONV2 = "conv2"
    CONV4 = "conv4"
    CONV6 = "conv6"
    CONV8 = "conv8"
    VGG16_SMALL = "vgg16_small"
    RESNET8 = "resnet8"
    RESNET18 = "resnet18"
    RESNET20 = "resnet20"
    RESNET32 = "resnet32"
    RESNET44 = "resnet44"
    RESNET56 = "resnet56"
    RESNEXT29 = "resnext29"
    WIDERESNET18_2 = "wideresnet18_2"
    CARD_RESNET18_2 = "card_resnet18_2"
    CARD_BINARY_RESNET18 = "card_binary_resnet18"


class Compression(StrEnum):
    """Ways to make a network compact (METHODS: FT, GMP, LTH, LRR, EP, BP), the dense network, and two controls."""

    DENSE = "dense"
    FINE_TUNE = "fine_tune"
    GRADUAL = "gradual"
    LTH = "lth"
    LRR = "lrr"
    EDGE_POPUP = "edge_popup"
    BIPROP = "biprop"
    DENSE_LONG = "dense_long"
    RANDOM_MASK = "random_mask"


class AugmentationName(StrEnum):
    """What is done to training images, beyond flips and crops."""

    CLEAN = "clean"
    GAUSSIAN = "gaussian"
    AUGMIX = "augmix"


class DeckMode(StrEnum):
    """How a deck's cards answer together."""

    DOMAIN_ADAPTIVE = "domain_adaptive"
    """The mean over the cards of the augmentation that the gate chose."""
    DOMAIN_AGNOSTIC = "domain_agnostic"
    """The mean over all cards, no gate."""
    SOFT = "soft"
    """Every augmentation weighted by softmax(-distance / temperature): ours."""


class MethodKind(StrEnum):
    """What one may invent: each kind is registered by the function of that name in card_studio.extend."""

    NETWORK = "network"
    AUGMENTATION = "augmentation"
    CORRUPTION = "corruption"
    CRITERION = "criterion"


OWN_PREFIX = "own."
"""Begins the name of a method that is not ours, so that no name ever means two things."""


class CorruptionName(StrEnum):
    """Corruptions of test images, named as in CIFAR-C; the last four are the extras, kept for selection."""

    GAUSSIAN_NOISE = "gaussian_noise"
    SHOT_NOISE = "shot_noise"
    IMPULSE_NOISE = "impulse_noise"
    DEFOCUS_BLUR = "defocus_blur"
    GLASS_BLUR = "glass_blur"
    MOTION_BLUR = "motion_blur"
    ZOOM_BLUR = "zoom_blur"
    SNOW = "snow"
    FROST = "frost"
    FOG = "fog"
    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    ELASTIC_TRANSFORM = "elastic_transform"
    PIXELATE = "pixelate"
    JPEG_COMPRESSION = "jpeg_compression"
    SPECKLE_NOISE = "speckle_noise"
    GAUSSIAN_BLUR = "gaussian_blur"
    SPATTER = "spatter"
    SATURATE = "saturate"


AnyCorruption = CorruptionName | str
"""A corruption of ours, or the name of one's own."""


def is_own(name: str | None) -> bool:
    """Tell the name of a method of one's own from ours."""
    return name is not None and name.startswith(OWN_PREFIX)


def corruption_named(name: str) -> AnyCorruption:
    """Return the corruption of that name."""
    return name if is_own(name) else CorruptionName(name)


_N = CorruptionName
FAMILIES: dict[str, tuple[CorruptionName, ...]] = {
    "noise": (_N.GAUSSIAN_NOISE, _N.SHOT_NOISE, _N.IMPULSE_NOISE),
    "blur": (_N.DEFOCUS_BLUR, _N.GLASS_BLUR, _N.MOTION_BLUR, _N.ZOOM_BLUR),
    "weather": (_N.SNOW, _N.FROST, _N.FOG, _N.BRIGHTNESS),
    "digital": (_N.CONTRAST, _N.ELASTIC_TRANSFORM, _N.PIXELATE, _N.JPEG_COMPRESSION),
    "extra": (_N.SPECKLE_NOISE, _N.GAUSSIAN_BLUR, _N.SPATTER, _N.SATURATE),
}
"""Corruptions by family, in the order in which they are shown."""

EXTRA_CORRUPTIONS = FAMILIES["extra"]
"""Used to select decks and thresholds, never reported as robust accuracy (METHODS, Statistics)."""
STANDARD_CORRUPTIONS = tuple(name for name in CorruptionName if name not in EXTRA_CORRUPTIONS)
"""The fifteen whose plain mean over severities is robust accuracy."""
SEVERITIES = (1, 2, 3, 4, 5)
