"""What all figures share: colours and markers of the suits, plain axes, and saving as PNG or SVG without a display."""

import textwrap
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from card_studio.files import replacing

SEQUENTIAL, DIVERGING = "cividis", "RdBu"
_SUITS = {"clean": ("#0072b2", "o"), "gaussian": ("#d55e00", "D"), "augmix": ("#009e73", "^")}
_OTHER = ("#cc79a7", "*")
_MUTED = "#6b6b6b"
_LETTERS_PER_INCH = 17
"""Of a footnote."""
_PNG_DPI = 200
"""Twice the size on screen."""


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, inches wide and high, that draws without a window."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def suit_style(augmentation: str) -> tuple[str, str]:
    """Return the fixed colour and marker of an augmentation."""
    return _SUITS.get(augmentation, _OTHER)


def plain(axes: Axes) -> None:
    """Take off what is not needed: the upper and right border."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2, linewidth=0.6)


def footnote(figure: Figure, text: str) -> None:
    """Write under a figure what its numbers are, in as many lines as its width asks for."""
    figure.supxlabel(textwrap.fill(text, round(figure.get_figwidth() * _LETTERS_PER_INCH)), fontsize=7, color=_MUTED)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as .png (200 dots per inch) or .svg (texts stay texts), the same bytes for the same figure.

    Raises:
        ValueError: the path ends in neither.
        WorkspaceError: the folder cannot be written to.
    """
    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        raise ValueError(f"{path.name}: figures are saved as .png or .svg")
    stamp = {"Software": None} if kind == ".png" else {"Date": None}
    with replacing(path) as temporary, matplotlib.rc_context({"svg.hashsalt": "card-studio", "svg.fonttype": "none"}):
        figure.savefig(temporary, format=kind[1:], dpi=_PNG_DPI, metadata=stamp)
    return path
