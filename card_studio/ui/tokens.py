"""Colours by what they are for, light and dark; contrasts are tested."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Colours by what they are for, each `#rrggbb`."""

    background: str
    """Behind everything: the rail, the margins of a page."""
    surface: str
    """Tables, plots, fields."""
    raised: str
    """What lies above the surface: menus, toasts, a card."""
    felt: str
    """The card table."""
    text: str
    muted: str
    """Captions, units, help: still legible (4.5 : 1)."""
    hairline: str
    hover: str
    selection: str
    """Behind selected rows; text on it is `text`."""
    accent: str
    accent_text: str
    """On accent."""
    positive: str
    negative: str
    warning: str
    focus: str


LIGHT = Tokens(
    background="#f4f4f1",
    surface="#fdfdfb",
    raised="#ffffff",
    felt="#e3e9e3",
    text="#1c1d21",
    muted="#62646c",
    hairline="#dcdcd6",
    hover="#ebebe6",
    selection="#e4e0f4",
    accent="#5a489c",
    accent_text="#ffffff",
    positive="#1b7a43",
    negative="#b3261e",
    warning="#8a5a00",
    focus="#6f5cc0",
)
DARK = Tokens(
    background="#17181b",
    surface="#1e1f23",
    raised="#292b30",
    felt="#1b2723",
    text="#ececea",
    muted="#a1a4ac",
    hairline="#36383e",
    hover="#282a2f",
    selection="#38335a",
    accent="#b3a5f0",
    accent_text="#1b1730",
    positive="#6cc58c",
    negative="#ff8a7f",
    warning="#e3b04b",
    focus="#c3b8f5",
)


def mixed(first: str, second: str, share: float) -> str:
    """Return `#rrggbb` between two colours: `share` 0 is the first, 1 the second."""
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
