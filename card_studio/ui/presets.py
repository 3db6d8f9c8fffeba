"""Recipes that are installed with the studio, to begin from."""

from card_studio.domain.recipe import Recipe, read_recipe
from card_studio.studio.examples import example_paths


def presets() -> dict[str, Recipe]:
    """Return the installed recipes by title, in their files' order."""
    recipes = (read_recipe(path) for path in example_paths())
    return {recipe.title: recipe for recipe in recipes}
