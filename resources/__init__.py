"""Installed data: icons, theme, example recipes, the sample deck."""
