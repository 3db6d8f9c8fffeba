"""The command that lists what a recipe may say."""

from typing import Annotated

import typer
from rich.table import Column, Table

from card_studio.cli import show
from card_studio.cli.options import Json, workspace_folder
from card_studio.domain.declaration import Declared, declared
from card_studio.domain.recipe import Recipe
from card_studio.studio.extending import own_methods


def options(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="Only options in whose line this occurs, such as lrr or training.")] = "",
    json: Json = False,
) -> None:
    """List a recipe's options, of the workspace's own methods too: default, unit, what is allowed, what each does."""
    own = own_methods(workspace_folder(context)).kinds
    found = [each for each in declared(Recipe, own=own) if text.casefold() in _line(each)]
    show.as_json(found) if json else show.OUT.print(_table(found))


def _line(option: Declared) -> str:
    return " ".join((option.option, *option.kinds, option.allowed, option.explanation)).casefold()


def _table(found: list[Declared]) -> Table:
    table = Table(Column("option", no_wrap=True), "default", "unit", "allowed", "what it does", box=None)
    for each in found:
        default = "required" if each.required else show.plain_text(each.default)
        kinds = f"Only for {', '.join(each.kinds)}." if each.kinds else ""
        needs = f"Only where {each.needs}." if each.needs else ""
        said = " ".join(part for part in (each.explanation + "." * bool(each.explanation), kinds, needs) if part)
        table.add_row(each.option, default, each.unit, each.allowed, said)
    return table
