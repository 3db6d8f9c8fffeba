"""card-studio: compress networks into CARDs, deal them into decks, and see what that does to robustness.

The names below load on first use, so that a worker child, which needs none of them, does not load SQLAlchemy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from card_studio.domain.recipe import Recipe
    from card_studio.studio.workspace import Workspace

__all__ = ["Recipe", "Workspace", "__version__"]
__version__ = "0.1.0"

_HOMES = {"Recipe": "card_studio.domain.recipe", "Workspace": "card_studio.studio.workspace"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'card_studio' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
