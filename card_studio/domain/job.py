"""A job asks for work: make, evaluate, map, import or export cards, prepare a gate, write a corrupted set."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, field_validator

from card_studio.domain.ids import CardId, ContentHash, JobId
from card_studio.domain.names import (
    EXTRA_CORRUPTIONS,
    SEVERITIES,
    STANDARD_CORRUPTIONS,
    AnyCorruption,
    CorruptionName,
    DeckMode,
    is_own,
)
from card_studio.domain.options import (
    AugmentationOptions,
    CorruptionOption,
    DataOptions,
    FolderData,
    NpzData,
    Options,
    OwnCorruption,
    Precision,
    ValueType,
    option,
)
from card_studio.domain.recipe import Recipe


class JobKind(StrEnum):
    """What a job does."""

    MAKE_CARD = "make_card"
    EVALUATE = "evaluate"
    MAP = "map"
    PREPARE_GATE = "prepare_gate"
    CORRUPT = "corrupt"
    IMPORT = "import"
    EXPORT_DECK = "export_deck"
    EXPORT = "export"


def _from_the_root(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"{path} must be an absolute path: the work is done in another process")
    return path


_PRECISION_HELP = "Arithmetic of the forward pass; bfloat16 is refused where the machine lacks it"


_CORRUPTIONS_HELP = "Corruptions, one's own too"
_OWN_HELP = "Code and options of one's own among them"


def _corruption(name: AnyCorruption, own: tuple[OwnCorruption, ...]) -> CorruptionName | OwnCorruption:
    if not is_own(name):
        return CorruptionName(name)
    return next((each for each in own if each.name == name), OwnCorruption(name=name))


def _precision_note(precision: Precision) -> str:
    return "" if precision == "float32" else f"; computed in {precision}"


class Suite(Options):
    """The test images on which cards are evaluated, which corruptions at which severities, and in which arithmetic."""

    source: str = option("builtin", "builtin, or a folder of .npy files in CIFAR-C's layout")
    split: Literal["test", "validation"] = option("test", "Images that no card was trained on")
    corruptions: tuple[CorruptionOption, ...] = option(STANDARD_CORRUPTIONS, _CORRUPTIONS_HELP)
    severities: tuple[int, ...] = option(SEVERITIES, "Severities, 1 to 5")
    images: int = option(0, "The first so many images; 0 takes all", unit="images", ge=0)
    seed: int = option(0, "Seed of the corruptions", ge=0, le=2**31 - 1)
    precision: Precision = option("float32", _PRECISION_HELP, since=3)
    own: tuple[OwnCorruption, ...] = option((), _OWN_HELP, since=3, shown=False)

    def corruption(self, name: AnyCorruption) -> CorruptionName | OwnCorruption:
        """Return one of the suite's corruptions, with its code and options where it is one's own."""
        return _corruption(name, self.own)

    @property
    def images_alone(self) -> "Suite":
        """The suite whose images these are, whatever the arithmetic: its name is that of the images."""
        return self.model_copy(update={"precision": "float32"})

    @property
    def standard(self) -> bool:
        """Whether its mean is robust accuracy as RobustBench defines it: fifteen corruptions at five severities."""
        ours = {name for name in self.corruptions if not is_own(name)}  # one's own never counts
        return ours == set(STANDARD_CORRUPTIONS) and set(self.severities) == set(SEVERITIES)

    @property
    def definition(self) -> str:
        """One line that goes with every number computed on this suite."""
        images = f"the first {self.images}" if self.images else "all"
        severities = ",".join(map(str, self.severities))
        note = "" if self.standard else ", not the standard 15"
        own = sum(is_own(name) for name in self.corruptions)
        note += f", and {own} of one's own, not in the mean" if own else ""
        return (
            f"{self.source}: {len(self.corruptions) - own} corruptions x severities {severities}{note}; "
            f"{images} {self.split} images; seed {self.seed}{_precision_note(self.precision)}"
        )


SELECTION_SUITE = Suite(split="validation", corruptions=EXTRA_CORRUPTIONS)
"""The only images on which anything may be selected (METHODS, Statistics)."""


class MapOptions(Options):
    """How a Fourier sensitivity map is measured (METHODS 5; Yin et al. 2019)."""

    images: int = option(256, "Test images perturbed at every frequency", unit="images", ge=1)
    norm: float = option(4.0, "Norm v of the perturbation, per channel, on the 0-1 scale", gt=0, le=100)
    clamp: bool = option(False, "Clamp perturbed images to [0, 1]")
    seed: int = option(0, "Seed of the signs", ge=0, le=2**31 - 1)
    precision: Precision = option("float32", _PRECISION_HELP, since=3)


class GateOptions(Options):
    """How a gate sees images (METHODS 6)."""

    images: int = option(2_000, "Training images in each reference set (M)", unit="images", ge=1, le=100_000)
    amplitude: Literal["log", "raw"] = option("log", "Amplitude spectrum: log(1 + a), or a itself")
    colour: Literal["grey", "rgb"] = option("grey", "Spectrum of the channel mean, or of each channel")
    seed: int = option(0, "Seed of the choice of reference images", ge=0, le=2**31 - 1)


class MakeCard(Options):
    """Make a card from a recipe; then, if asked, evaluate it and map its sensitivity."""

    kind: Literal[JobKind.MAKE_CARD] = JobKind.MAKE_CARD
    recipe: Recipe
    then_evaluate: Suite | None = None
    then_map: MapOptions | None = None


class EvaluateCards(Options):
    """Evaluate cards of one dataset together, so that each corrupted image is made once."""

    kind: Literal[JobKind.EVALUATE] = JobKind.EVALUATE
    cards: tuple[CardId, ...] = Field(min_length=1)
    suite: Suite = Suite()
    data_path: Path | None = option(None, "Where the dataset now lies, if it moved", identity=False)


class MapCards(Options):
    """Measure the Fourier sensitivity maps of cards of one dataset."""

    kind: Literal[JobKind.MAP] = JobKind.MAP
    cards: tuple[CardId, ...] = Field(min_length=1)
    options: MapOptions = MapOptions()
    data_path: Path | None = option(None, "Where the dataset now lies, if it moved", identity=False)


class PrepareGate(Options):
    """Compute reference spectra for augmentations of one dataset, and each suite image's distance to them."""

    kind: Literal[JobKind.PREPARE_GATE] = JobKind.PREPARE_GATE
    data: DataOptions
    augmentations: tuple[AugmentationOptions, ...] = Field(min_length=1)
    options: GateOptions = GateOptions()
    suites: tuple[Suite, ...] = ()


class CorruptDataset(Options):
    """Write the corrupted images of a whole split, at every severity, in CIFAR-C's layout."""

    kind: Literal[JobKind.CORRUPT] = JobKind.CORRUPT
    data: DataOptions
    out: Path = option(..., "Folder that receives the set, from the root of the disk")
    split: Literal["test", "validation"] = option("test", "Images that no card was trained on")
    corruptions: tuple[CorruptionOption, ...] = option(STANDARD_CORRUPTIONS, _CORRUPTIONS_HELP, min_length=1)
    images: int = option(0, "The first so many images; 0 takes all", unit="images", ge=0)
    seed: int = option(0, "Seed of the corruptions", ge=0, le=2**31 - 1)
    own: tuple[OwnCorruption, ...] = option((), _OWN_HELP, shown=False)

    def corruption(self, name: AnyCorruption) -> CorruptionName | OwnCorruption:
        """Return one of the set's corruptions, with its code and options where it is one's own."""
        return _corruption(name, self.own)

    @field_validator("out")
    @classmethod
    def _starts_at_the_root(cls, out: Path) -> Path:
        return _from_the_root(out)


class ImportCards(Options):
    """Put what a file holds into the workspace: a .card file, a .deck file, or a foreign state dict."""

    kind: Literal[JobKind.IMPORT] = JobKind.IMPORT
    path: Path = option(..., "The file, from the root of the disk")
    recipe: Recipe | None = None
    """What is known of how it was made; None assumes CIFAR by the number of classes, and the method by the weights."""

    @field_validator("path")
    @classmethod
    def _starts_at_the_root(cls, path: Path) -> Path:
        return _from_the_root(path)


class ExportCard(Options):
    """Write a card's file elsewhere with its kept weights stored in another type, and tell what that changes."""

    kind: Literal[JobKind.EXPORT] = JobKind.EXPORT
    card: CardId
    out: Path = option(..., "The file to write, from the root of the disk")
    values: ValueType = option("float32", "How the kept weights are stored; binary layers stay signs")

    @field_validator("out")
    @classmethod
    def _starts_at_the_root(cls, out: Path) -> Path:
        return _from_the_root(out)


ONNX_SUFFIX = ".onnx"
DECK_SUFFIX = ".deck"
ONNX_NEEDS = "writing ONNX needs packages that are not installed: pip install 'card-studio[export]'"


class DeckDefinition(Options):
    """A deck as it travels: its cards in order, and how they answer together."""

    cards: tuple[CardId, ...]
    mode: DeckMode
    gate: GateOptions
    batch: int
    temperature: float


class CardLabels(Options):
    """What people call a card, and what was measured of it when it was made: not part of its file."""

    name: str
    notes: str = ""
    validation_accuracy: float | None = None


class StoredReference(Options):
    """A reference set that lies in the workspace."""

    augmentation: AugmentationOptions
    spectra: ContentHash


class ExportDeck(Options):
    """Write a deck to one file: a .deck for another workspace, or a .onnx for another program."""

    kind: Literal[JobKind.EXPORT_DECK] = JobKind.EXPORT_DECK
    name: str
    deck: DeckDefinition
    references: tuple[StoredReference, ...] = Field(min_length=1)
    """One for each suit, in deck order."""
    labels: dict[CardId, CardLabels]
    out: Path = option(..., "The file, from the root of the disk")

    @field_validator("out")
    @classmethod
    def _starts_at_the_root(cls, out: Path) -> Path:
        return _from_the_root(out)


JobSpec = Annotated[
    MakeCard | EvaluateCards | MapCards | PrepareGate | CorruptDataset | ImportCards | ExportCard | ExportDeck,
    Field(discriminator="kind"),
]
JOB_SPEC: TypeAdapter[JobSpec] = TypeAdapter(JobSpec)


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen unless someone asks."""
        return self in (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)


class Request(StrEnum):
    """What someone has asked of a running job, and the host has not yet done."""

    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request for work and how far it has come."""

    id: JobId
    spec: JobSpec
    name: str
    state: JobState
    priority: int
    """Higher runs first; within one priority, `position` decides."""
    position: float
    created_at: datetime
    attempt: int
    """How often it was started; 0 for never."""
    request: Request | None
    progress: float
    """Share done, 0 to 1."""
    phase: str
    """What it is doing now, such as `level 2 of 3`."""
    eta_s: float | None
    device: str
    error: str
    """Why it failed, in one line; empty otherwise."""
    started_at: datetime | None
    ended_at: datetime | None


def title(spec: JobSpec) -> str:
    """Return what a job is called in the queue."""
    if isinstance(spec, MakeCard):
        return spec.recipe.title
    if isinstance(spec, PrepareGate):
        return "Gate: " + ", ".join(str(a.name) for a in spec.augmentations)
    if isinstance(spec, CorruptDataset):
        return f"Corrupt {_data_title(spec.data)} into {spec.out.name}"
    if isinstance(spec, ImportCards):
        return f"Import {spec.path.name}"
    if isinstance(spec, ExportCard):
        return f"Export {spec.out.name} as {spec.values}"
    if isinstance(spec, ExportDeck):
        return f"Export {spec.name} to {spec.out.name}"
    verb = "Evaluate" if isinstance(spec, EvaluateCards) else "Map"
    return f"{verb} {len(spec.cards)} card{'s' if len(spec.cards) > 1 else ''}"


def _data_title(data: DataOptions) -> str:
    path = getattr(data, "path", None)
    return path.stem if path is not None and isinstance(data, FolderData | NpzData) else str(data.name)
