"""The recipes, and the file of one's own methods, that are installed with the package as examples."""

from importlib.resources import files
from pathlib import Path

from card_studio.domain.recipe import Recipe, read_recipe

_RESOURCES = "card_studio.resources"


def example_paths() -> tuple[Path, ...]:
    """Return the installed example recipes, sorted by name."""
    folder = Path(str(files(_RESOURCES))) / "recipes"
    return tuple(sorted(folder.glob("*.toml")))


def example_extension() -> Path:
    """Return the installed example of a file of one's own methods."""
    return Path(str(files(_RESOURCES))) / "extensions" / "example.py"


def example(name: str) -> Recipe:
    """Return an installed recipe by its file's stem, such as `tour-clean`."""
    return read_recipe(next(path for path in example_paths() if path.stem == name))
