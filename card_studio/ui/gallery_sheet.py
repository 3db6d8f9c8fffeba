"""What hangs in the gallery: a line for each augmentation and corruption, one's own too, and what each did."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.names import FAMILIES, OWN_PREFIX, SEVERITIES, CorruptionName, MethodKind
from card_studio.domain.options import (
    AugmentationOptions,
    AugmixAugmentation,
    CleanAugmentation,
    GaussianAugmentation,
    Own,
    OwnAugmentation,
    OwnCorruption,
)
from card_studio.domain.own import OwnMethods
from card_studio.ui.words import spoken

Pixels = NDArray[np.uint8]
COLUMNS = len(SEVERITIES)
"""Pictures in a line: severities 1 to 5, or as many draws of an augmentation."""
_EXTRA = "An extra: kept for selecting decks, never reported"
_SPELLINGS = {CorruptionName.JPEG_COMPRESSION: "JPEG compression"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One augmentation, or one corruption at its five severities."""

    key: str
    label: str
    maker: CorruptionName | OwnCorruption | AugmentationOptions
    note: str = ""

    @property
    def is_corruption(self) -> bool:
        """Whether its columns are severities; otherwise they are draws."""
        return isinstance(self.maker, CorruptionName | OwnCorruption)

    @property
    def is_own(self) -> bool:
        """Whether its pictures are made by code of one's own, which may fail."""
        return isinstance(self.maker, Own)

    def title(self, column: int) -> str:
        """Return what one picture is called, columns counting from 0."""
        return f"{self.label}, {'severity' if self.is_corruption else 'draw'} {column + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines of a kind."""

    title: str
    lines: tuple[Line, ...]

    @property
    def captions(self) -> tuple[str, ...]:
        """What stands over the columns."""
        what = "Severity" if self.lines[0].is_corruption else "Draw"
        return tuple(f"{what} {column + 1}" for column in range(COLUMNS))


def _augmentation(label: str, options: AugmentationOptions, note: str) -> Line:
    return Line(key=str(options.name), label=label, maker=options, note=note)


def _corruption(family: str, name: CorruptionName) -> Line:
    note = _EXTRA if family == "extra" else ""
    return Line(key=name, label=_SPELLINGS.get(name, spoken(name)), maker=name, note=note)


_OUR_SECTIONS: tuple[Section, ...] = (
    Section(
        title="Augmentations",
        lines=(
            _augmentation("Flip and crop", CleanAugmentation(), "All that `clean` does; the others do it as well"),
            _augmentation("Gaussian noise", GaussianAugmentation(), "Sigma 0.1; in training half of the images get it"),
            _augmentation("AugMix", AugmixAugmentation(), "Three chains of simple operations, mixed"),
        ),
    ),
    *(
        Section(title=spoken(family), lines=tuple(_corruption(family, name) for name in names))
        for family, names in FAMILIES.items()
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """All that hangs, top to bottom."""

    sections: tuple[Section, ...]
    lines: tuple[Line, ...]


def _wall(sections: tuple[Section, ...]) -> Wall:
    return Wall(sections=sections, lines=tuple(line for section in sections for line in section.lines))


OURS = _wall(_OUR_SECTIONS)
"""The wall without methods of one's own."""


def wall_with(own: OwnMethods) -> Wall:
    """Return the wall with one's own methods, at their default options, below ours."""
    augmentations = [_own(own, MethodKind.AUGMENTATION, each) for each in own.at_defaults(OwnAugmentation)]
    corruptions = [_own(own, MethodKind.CORRUPTION, each) for each in own.at_defaults(OwnCorruption)]
    found = (("Own augmentations", augmentations), ("Own corruptions", corruptions))
    sections = [Section(title=title, lines=tuple(lines)) for title, lines in found if lines]
    return _wall((*OURS.sections, *sections)) if sections else OURS


def _own(own: OwnMethods, kind: MethodKind, maker: OwnAugmentation | OwnCorruption) -> Line:
    """Return the line of a method of one's own; its key has the kind, since two kinds may share a name."""
    method, _ = own.find(kind, maker.name)
    label = spoken(maker.name.removeprefix(OWN_PREFIX))
    return Line(key=f"{kind} {maker.name}", label=label, maker=maker, note=method.explanation)


@dataclass(slots=True, kw_only=True, eq=False)
class Sheet:
    """One picture, and what was made of it so far."""

    name: str
    original: Pixels
    """[3, H, W]."""
    seed: int
    wall: Wall = OURS
    made: dict[str, Pixels] = field(default_factory=dict)
    """[COLUMNS, 3, H, W] by a line's key."""
    problems: dict[str, str] = field(default_factory=dict)
    """Why a line of one's own could not be drawn, by its key."""

    @property
    def size(self) -> int:
        """Pixels on each side."""
        return int(self.original.shape[-1])

    @property
    def done(self) -> int:
        """Lines that are drawn, or cannot be."""
        return len(self.made) + len(self.problems)

    def waiting(self) -> tuple[Line, ...]:
        """Return the lines to draw next: a section of ours, or one of one's own; none once all are done."""
        for section in self.wall.sections:
            left = tuple(line for line in section.lines if line.key not in self.made and line.key not in self.problems)
            if left:
                return left[:1] if left[0].is_own else left
        return ()

    def on(self, wall: Wall) -> "Sheet":
        """Return a sheet for another wall, with what was made by the lines that hang there too."""
        same = {line.key for line in set(wall.lines).intersection(self.wall.lines)}
        made = {key: pictures for key, pictures in self.made.items() if key in same}
        return Sheet(name=self.name, original=self.original, seed=self.seed, wall=wall, made=made)

    def picture(self, line: Line, column: int) -> Pixels | None:
        """Return a picture, [3, H, W]; None while it is not made."""
        found = self.made.get(line.key)
        return None if found is None else found[column]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How far a picture is from its original, in grey levels of 0 to 255."""

    mean: float
    """Mean absolute difference."""
    rms: float
    """Root of the mean squared difference."""

    @property
    def psnr_db(self) -> float:
        """Peak signal-to-noise ratio; infinite where nothing changed."""
        return float("inf") if self.rms == 0 else float(20 * np.log10(255 / self.rms))


def change(original: Pixels, made: Pixels) -> Change:
    """Return how far a picture is from its original; both uint8 [3, H, W]."""
    difference = made.astype(np.float64) - original
    return Change(mean=float(np.abs(difference).mean()), rms=float(np.sqrt(np.square(difference).mean())))


def errors_told(sheet: Sheet, line: Line) -> str:
    """Return the mean squared errors of a line's pictures, left to right, once they are made."""
    made = sheet.made.get(line.key)
    if made is None:
        return ""
    errors = [f"{change(sheet.original, each).rms ** 2:.0f}" for each in made]
    return f"mean squared error by {'severity' if line.is_corruption else 'draw'}: {' · '.join(errors)}"
