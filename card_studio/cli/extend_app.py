"""The command for one's own methods: add a file or what is installed, list, remove."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from card_studio.cli import show
from card_studio.cli.options import Json, workspace_of
from card_studio.domain.ids import short
from card_studio.domain.own import Extension
from card_studio.errors import ExtensionError
from card_studio.studio.examples import example_extension
from card_studio.studio.workspace import Workspace


def extend(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A Python file that registers methods; none lists them.")] = None,
    installed: Annotated[bool, typer.Option("--installed", help="Add what installed packages offer.")] = False,
    remove: Annotated[str, typer.Option(help="Forget the extension of this name, its code included.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the code may be run.")] = False,
    json: Json = False,
) -> None:
    """Add networks, augmentations, corruptions and pruning criteria of your own, or list them."""
    if (file is not None) + installed + bool(remove) > 1:
        raise ExtensionError("give a file, --installed or --remove: one of them")
    workspace = workspace_of(context)
    if remove:
        workspace.remove_extension(remove)
    added: list[Extension] = []
    if file is not None:
        if not workspace.knows_extension(file):
            _ask(f"Run the code of {file}? Only add files that you trust.", yes)
        added = [workspace.add_extension(file)]
    if installed:
        _ask("Run the code of all installed packages that offer methods? Only add what you trust.", yes)
        added = workspace.add_installed_extensions()
    _print(workspace, added, json)


def _ask(question: str, yes: bool) -> None:
    """Ask the user, who must be there to answer.

    Raises:
        ExtensionError: the answer is no, or nobody can answer.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ExtensionError(f"{question} Nobody is there to answer: say --yes if it may")
    if not typer.confirm(question, err=True):
        raise ExtensionError("nothing was added")


def _print(workspace: Workspace, added: list[Extension], json: bool) -> None:
    found = added or list(workspace.own_methods().extensions)
    if json:
        show.as_json(found)
    elif not found:
        none = "no methods of your own yet: add a file with `card-studio extend FILE`"
        show.OUT.print(f"{none}, such as {example_extension()}", soft_wrap=True)
    else:
        show.OUT.print(_table([each for each in found if each.current]))


def _table(extensions: list[Extension]) -> Table:
    table = Table(Column("method", no_wrap=True), "kind", "options", "from", "code", "what it is", box=None)
    for extension in extensions:
        for method in extension.methods:
            options = ", ".join(f"{each.name}={each.default}" for each in method.options)
            place = (extension.label, short(extension.source))
            table.add_row(method.name, str(method.kind), options, *place, method.explanation)
    return table
