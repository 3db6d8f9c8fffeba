"""The parts of a recipe, each declared once: form, command line, validation, help and record all follow from here."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from card_studio.domain.declaring import CorruptionOption as CorruptionOption
from card_studio.domain.declaring import Options as Options
from card_studio.domain.declaring import Own as Own
from card_studio.domain.declaring import OwnCorruption as OwnCorruption
from card_studio.domain.declaring import OwnName as OwnName
from card_studio.domain.declaring import PlainValue as PlainValue
from card_studio.domain.declaring import option as option
from card_studio.domain.declaring import whose
from card_studio.domain.names import AugmentationName, Compression, DatasetName, NetworkName

ValueType = Literal["float32", "float16", "int8"]
"""How a card file stores the weights that are kept."""
VALUE_BITS: dict[ValueType, int] = {"float32": 32, "float16": 16, "int8": 8}
Precision = Literal["float32", "bfloat16"]
"""Arithmetic of a network's passes."""

# --- data -----------------------------------------------------------------------------------------------------------


class ShapesData(Options):
    """The embedded dataset: ten classes of rendered scenes, 32x32 RGB."""

    name: Literal[DatasetName.SHAPES] = DatasetName.SHAPES
    train_images: int = option(10_000, "Training images rendered", unit="images", ge=10, le=100_000)
    held_out_images: int = option(2_000, "Validation images, and as many test images", unit="images", ge=10, le=20_000)
    render_seed: int = option(0, "Seed of the renderer", ge=0, le=2**31 - 1)


class CifarData(Options):
    """CIFAR-10 or CIFAR-100 from a folder that holds (or is to receive) the published python archive."""

    name: Literal[DatasetName.CIFAR10, DatasetName.CIFAR100] = DatasetName.CIFAR10
    path: Path | None = option(
        None, "Folder with the dataset; empty for the data folder in the settings", identity=False
    )
    download: bool = option(False, "Fetch the archive if it is not there", identity=False)
    validation_share: float = option(0.1, "Share of the training images held out for validation", gt=0, lt=1)
    split_seed: int = option(0, "Seed of the stratified split", ge=0, le=2**31 - 1)


class FolderData(Options):
    """A folder, or a .zip, whose sub-folders are classes of image files."""

    name: Literal[DatasetName.FOLDER] = DatasetName.FOLDER
    path: Path = option(..., "Folder or .zip of class folders of images", identity=False)
    size: int = option(32, "Images are resized to this many pixels on each side", unit="px", ge=8, le=512)
    validation_share: float = option(0.1, "Share of each class held out for validation", gt=0, lt=1)
    test_share: float = option(0.1, "Share of each class held out for testing", gt=0, lt=1)
    split_seed: int = option(0, "Seed of the stratified split", ge=0, le=2**31 - 1)
    images_per_class: int = option(0, "At most this many images of each class; 0 takes all", unit="images", ge=0)
    label: str = option("", "Name shown beside figures; empty for the file's name", identity=False, max_length=80)

    @model_validator(mode="after")
    def _something_is_left_to_train_on(self) -> Self:
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share + test_share must leave images to train on: make their sum less than 1")
        return self


class NpzData(Options):
    """A .npz file with arrays `images` (uint8 [N, H, W, 3] or [N, 3, H, W]) and `labels` (integers [N])."""

    name: Literal[DatasetName.NPZ] = DatasetName.NPZ
    path: Path = option(..., "The .npz file", identity=False)
    validation_share: float = option(0.1, "Share of each class held out for validation", gt=0, lt=1)
    test_share: float = option(0.1, "Share of each class held out for testing", gt=0, lt=1)
    split_seed: int = option(0, "Seed of the stratified split", ge=0, le=2**31 - 1)


DataOptions = Annotated[ShapesData | CifarData | FolderData | NpzData, Field(discriminator="name")]

# --- network --------------------------------------------------------------------------------------------------------


_NEEDS_SIXTEEN = frozenset({NetworkName.CONV8, NetworkName.VGG16_SMALL})


def smallest_images(network: NetworkName) -> int:
    """Return how many pixels a side of its images must have, lest the network shrinks them to nothing."""
    return 16 if network in _NEEDS_SIXTEEN else 8


def too_small(network: NetworkName, size: int) -> str:
    """Say what is wrong with images of so many pixels a side; "" where nothing is."""
    smallest = smallest_images(network)
    if size >= smallest:
        return ""
    return (
        f"network {network} needs images of at least {smallest}x{smallest} pixels, not {size}x{size}: "
        "choose another network or larger images"
    )


class Network(Options):
    """What every network has."""

    name: str
    width: float = option(1.0, "Multiplies the channels of every layer", unit="x", gt=0, le=16)
    init: Literal["kaiming_normal", "signed_constant"] = option(
        "kaiming_normal", "Initial weights: normal, or their signs times one constant per layer, of the same deviation"
    )


class NetworkOptions(Network):
    """Which network, how wide, and how its weights start."""

    name: NetworkName = option(NetworkName.RESNET20, "Architecture")


class OwnNetwork(Own, Network, extra="allow"):
    """A network of one's own."""

    name: OwnName = option(..., "Name")


AnyNetwork = Annotated[
    Annotated[NetworkOptions, Tag("built-in")] | Annotated[OwnNetwork, Tag("own")], Discriminator(whose)
]

# --- augmentation ---------------------------------------------------------------------------------------------------


class CleanAugmentation(Options):
    """Flips and crops only."""

    name: Literal[AugmentationName.CLEAN] = AugmentationName.CLEAN


class GaussianAugmentation(Options):
    """Gaussian noise added to [0,1] images, then clamped."""

    name: Literal[AugmentationName.GAUSSIAN] = AugmentationName.GAUSSIAN
    sigma: float = option(0.1, "Standard deviation of the noise, on the 0-1 scale", gt=0, le=1)
    probability: float = option(0.5, "Chance that an image gets noise", ge=0, le=1)


class AugmixAugmentation(Options):
    """AugMix: chains of simple operations, mixed with random weights."""

    name: Literal[AugmentationName.AUGMIX] = AugmentationName.AUGMIX
    chains: int = option(3, "Chains that are mixed (AugMix's width)", ge=1, le=10)
    depth: int = option(-1, "Operations in a chain; -1 draws 1, 2 or 3", ge=-1, le=10)
    severity: float = option(3.0, "Largest level of an operation", ge=0.1, le=10)
    all_operations: bool = option(False, "Also colour, contrast, brightness, sharpness, which overlap with CIFAR-C")
    jsd: bool = option(False, "Add the Jensen-Shannon consistency loss over three views")

    @model_validator(mode="after")
    def _depth_is_not_zero(self) -> Self:
        if self.depth == 0:
            raise ValueError("depth is 0: use -1 for a random depth, or 1 to 10")
        return self


class OwnAugmentation(Own):
    """An augmentation of one's own."""


_BuiltInAugmentation = Annotated[
    CleanAugmentation | GaussianAugmentation | AugmixAugmentation, Field(discriminator="name")
]
AugmentationOptions = Annotated[
    Annotated[_BuiltInAugmentation, Tag("built-in")] | Annotated[OwnAugmentation, Tag("own")], Discriminator(whose)
]

# --- training -------------------------------------------------------------------------------------------------------


class TrainingOptions(Options):
    """Stochastic gradient descent with momentum, for each level of a trajectory."""

    epochs: int = option(30, "Passes over the training images, for each level", unit="epochs", ge=1, le=10_000)
    batch_size: int = option(128, "Images per step", unit="images", ge=1, le=65_536)
    learning_rate: float = option(0.1, "Peak learning rate", gt=0, le=100)
    schedule: Literal["cosine", "step", "constant"] = option("cosine", "How the learning rate falls")
    milestones: tuple[float, ...] = option(
        (0.5, 0.75), "Step schedule: where it falls, as shares of the epochs", needs=("schedule", "step")
    )
    decay: float = option(0.1, "Step schedule: factor at each milestone", needs=("schedule", "step"), gt=0, lt=1)
    warmup_epochs: float = option(0.0, "Linear warm-up", unit="epochs", ge=0, le=100)
    momentum: float = option(0.9, "Momentum", ge=0, lt=1)
    nesterov: bool = option(False, "Nesterov momentum")
    weight_decay: float = option(5e-4, "L2 penalty, on scores for edge-popup and biprop", ge=0, le=1)
    flip_crop: bool = option(True, "Random flips, and crops after 4 px of zero padding")
    precision: Precision = option("float32", "Arithmetic of the forward and backward pass")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs momentum: set momentum above 0, or nesterov = false")
        if any(not 0 < m < 1 for m in self.milestones) or list(self.milestones) != sorted(set(self.milestones)):
            raise ValueError("milestones must be growing shares between 0 and 1, such as [0.5, 0.75]")
        if self.warmup_epochs >= self.epochs:
            raise ValueError("warmup_epochs must be less than epochs")
        return self


# --- compression ----------------------------------------------------------------------------------------------------

Scope = Literal["global", "layerwise"]
_SCOPE_HELP = "Rank weights over the whole network, or within each layer"


class Dense(Options):
    """No compression: the network that others are compared with."""

    method: Literal[Compression.DENSE] = Compression.DENSE


class Sparse(Options):
    """What every method that removes weights has in common."""

    sparsity: float = option(0.8, "Share of the prunable weights removed, hit exactly", ge=0, lt=1)
    dense_first: bool = option(False, "Leave the first layer dense")
    dense_last: bool = option(False, "Leave the last layer dense")


class Magnitude(Options):
    """The smallest weights go first."""

    name: Literal["magnitude"] = option("magnitude", "How weights are ranked, of which the lowest are removed")


class OwnCriterion(Own):
    """A ranking of one's own."""


CriterionOptions = Annotated[
    Annotated[Magnitude, Tag("built-in")] | Annotated[OwnCriterion, Tag("own")], Discriminator(whose)
]


class Ranked(Sparse):
    """What the methods that rank trained weights have in common."""

    criterion: CriterionOptions = option(
        Magnitude(), "How weights are ranked, of which the lowest are removed", since=3
    )


class FineTune(Ranked):
    """Train dense, prune once by magnitude, fine-tune at a low learning rate (FT)."""

    method: Literal[Compression.FINE_TUNE] = Compression.FINE_TUNE
    scope: Scope = option("global", _SCOPE_HELP)
    fine_tune_epochs: int = option(10, "Passes after pruning", unit="epochs", ge=1, le=10_000)
    fine_tune_learning_rate: float = option(0.001, "Constant learning rate after pruning", gt=0, le=10)


class Gradual(Ranked):
    """Gradual magnitude pruning on a cubic schedule (GMP)."""

    method: Literal[Compression.GRADUAL] = Compression.GRADUAL
    scope: Scope = option("global", _SCOPE_HELP)
    start: float = option(0.1, "Share of the steps before pruning begins", ge=0, lt=1)
    end: float = option(0.7, "Share of the steps at which the sparsity is reached", gt=0, le=1)
    prune_every: int = option(50, "Steps between two prunings", unit="steps", ge=1)

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> Self:
        if self.start >= self.end:
            raise ValueError("start must be less than end")
        return self


class Iterative(Ranked):
    """Train and prune by turns along a trajectory of levels, of which level 0 is the dense card."""

    share_per_level: float = option(0.2, "Share of the remaining weights removed at each level", gt=0, lt=1)
    also_keep: tuple[float, ...] = option(
        (), "Further sparsities of which a card is made on the way; 0 is the dense card", identity=False
    )

    @model_validator(mode="after")
    def _kept_on_the_way(self) -> Self:
        if any(not 0 <= kept < self.sparsity for kept in self.also_keep):
            raise ValueError("also_keep must hold sparsities from 0 up to, and less than, sparsity")
        return self


class Lth(Iterative):
    """Lottery ticket hypothesis: survivors go back to their early weights at each level (weight rewinding)."""

    method: Literal[Compression.LTH] = Compression.LTH
    rewind_epoch: int = option(0, "Epoch whose weights the survivors go back to; 0 is the start", unit="epochs", ge=0)


class Lrr(Iterative):
    """Learning-rate rewinding: survivors keep their trained weights, the learning rate starts again (LRR)."""

    method: Literal[Compression.LRR] = Compression.LRR


class Scored(Sparse):
    """Weights stay at their random start; scores decide which are kept."""

    scope: Scope = option("layerwise", _SCOPE_HELP)
    schedule_epochs: int = option(
        10,
        "Global scope: epochs over which the density falls to its target",
        unit="epochs",
        needs=("scope", "global"),
        ge=0,
    )


class EdgePopup(Scored):
    """Edge-popup: a good sub-network is found in random weights by learning scores (EP)."""

    method: Literal[Compression.EDGE_POPUP] = Compression.EDGE_POPUP


class Biprop(Scored):
    """Biprop: edge-popup whose weights are one sign and one scale per layer (BP)."""

    method: Literal[Compression.BIPROP] = Compression.BIPROP


class DenseLong(Options):
    """Control: the dense network, trained for as many epochs in all as the iterative method it is compared with."""

    method: Literal[Compression.DENSE_LONG] = Compression.DENSE_LONG
    matched_sparsity: float = option(0.8, "Sparsity of the iterative card whose total epochs are matched", ge=0, lt=1)
    share_per_level: float = option(0.2, "Share removed at each level of that card", gt=0, lt=1)


class RandomMask(Sparse):
    """Control: the layer densities that LRR finds, but which weights are kept is drawn at random before training."""

    method: Literal[Compression.RANDOM_MASK] = Compression.RANDOM_MASK
    share_per_level: float = option(0.2, "Share removed at each level of the LRR card it copies", gt=0, lt=1)


CompressionOptions = Annotated[
    Dense | FineTune | Gradual | Lth | Lrr | EdgePopup | Biprop | DenseLong | RandomMask, Field(discriminator="method")
]
