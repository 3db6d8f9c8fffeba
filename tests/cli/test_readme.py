"""The README's commands exist, and its Python runs as written."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from card_studio.cli.app import app
from card_studio.domain.recipe import recipe_from
from card_studio.studio.examples import example_paths

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _commands() -> list[str]:
    return [line.strip() for line in README.splitlines() if line.startswith("    card-studio ")]


def _exists(words: list[str]) -> bool:
    group: object = typer.main.get_command(app)
    while words and isinstance(group, TyperGroup) and words[0] in group.commands:
        group = group.commands[words.pop(0)]
    return not isinstance(group, TyperGroup)


@pytest.mark.parametrize("line", _commands())
def test_a_command_of_the_readme_exists(line: str) -> None:
    arguments = line.removeprefix("card-studio ")
    if arguments.startswith("["):
        return  # the window itself
    for alternative in re.split(r" \| ", arguments.split("  ")[0]):
        words = [word for word in alternative.split() if re.fullmatch(r"[a-z]+", word)]
        assert _exists(words), line


def test_every_command_is_in_the_readme() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    deck = group.commands["deck"]
    assert isinstance(deck, TyperGroup)
    names = [*group.commands, *(f"deck {name}" for name in deck.commands)]
    missing = [name for name in names if not re.search(rf"(card-studio|\|) {name}\b", README)]
    assert missing == []


def test_the_recipe_of_the_readme_is_valid() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert recipe_from(tomllib.loads(text)).compression.method == "lrr"


@pytest.mark.parametrize("path", example_paths(), ids=lambda path: path.stem)
def test_every_installed_recipe_is_valid(path: Path) -> None:
    assert recipe_from(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


def test_the_two_commands_stand_where_continuous_checks_look_for_them() -> None:
    for name, ends in (("main", "card-studio tour --out tour"), ("tests", "-m pytest")):
        (command,) = re.findall(rf"<!-- {name} -->\n```\n(.*?)\n```", README)
        assert command.endswith(ends)
