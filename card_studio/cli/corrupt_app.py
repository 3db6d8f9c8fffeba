"""The command that writes a corrupted test set, and how a dataset is named on the command line."""

import json as plain_json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from card_studio.cli import show
from card_studio.cli.options import Json, Wait, corruptions_named, workspace_of
from card_studio.cli.progress import JobBars
from card_studio.domain.job import CorruptDataset
from card_studio.domain.names import DatasetName
from card_studio.domain.options import DataOptions
from card_studio.domain.recipe import read_recipe, recipe_from
from card_studio.errors import DataError, NotFoundError
from card_studio.studio.workspace import Workspace

_BY_NAME = (DatasetName.SHAPES, DatasetName.CIFAR10, DatasetName.CIFAR100)


def corrupt(
    context: typer.Context,
    dataset: Annotated[
        str,
        typer.Argument(
            help="shapes, cifar10, cifar100; a recipe (TOML) or a card's id, for its data; a .npz; "
            "or a folder or .zip of class folders of images."
        ),
    ],
    out: Annotated[Path, typer.Argument(help="Folder for the set; one that was begun is gone on with.")],
    set: Annotated[list[str] | None, typer.Option("--set", help="Override an option: data.b=value.")] = None,
    corruption: Annotated[list[str] | None, typer.Option(help="Only these, ours or `own.NAME`; repeat it.")] = None,
    split: Annotated[Literal["test", "validation"], typer.Option(help="Which images.")] = "test",
    images: Annotated[int, typer.Option(min=0, help="The first so many images; 0 takes all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of the corruptions.")] = 0,
    wait: Wait = True,
    json: Json = False,
) -> None:
    """Write a whole corrupted test set in CIFAR-C's layout, for `evaluate --suite OUT`."""
    workspace = workspace_of(context)
    folder = out.expanduser().resolve()
    asked = {
        "data": data_named(dataset, set or [], workspace),
        "out": folder,
        "corruptions": corruptions_named(corruption or []),
        "images": images,
        "seed": seed,
        "split": split,
    }
    (job,) = workspace.submit_all([CorruptDataset.model_validate(asked)])
    if not wait:
        show.as_json(job) if json else show.OUT.print(f"queued as job {job.id}: {job.name}")
        return
    with JobBars() as bars:
        job = workspace.wait(job, progress=bars.update)
    manifest = plain_json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if json:
        show.as_json({"job": job, "out": folder, "manifest": manifest})
    else:
        show.OUT.print(f"{folder}: {_described(manifest)}", soft_wrap=True, highlight=False)


def data_named(text: str, overrides: list[str], workspace: Workspace) -> DataOptions:
    """Return the data that a word of the command line means.

    Args:
        text: a dataset's name, a recipe's file, a dataset's file or folder, or a card's id.
        overrides: `data.a=value`.
        workspace: where cards are looked up, and where relative paths that are not here are left to.

    Raises:
        DataError: it means nothing.
        RecipeError: the recipe or an override is wrong.
    """
    path = Path(text).expanduser()
    if text in _BY_NAME:
        values: dict[str, Any] = {"name": text}
    elif path.suffix == ".toml":
        return read_recipe(path, overrides).data
    elif path.exists():
        values = {"name": "npz" if path.suffix == ".npz" else "folder", "path": str(path.resolve())}
    else:
        values = _of_card(text, workspace)
    return recipe_from({"data": values}, text, overrides).data


def _of_card(text: str, workspace: Workspace) -> dict[str, Any]:
    try:
        return workspace.card(text).recipe.data.model_dump(mode="json", exclude_none=True)
    except NotFoundError as error:
        names = ", ".join(_BY_NAME)
        raise DataError(
            f"{text}: no dataset: give {names}, a recipe's .toml, a .npz, a folder or .zip of class folders, "
            "or the id of a card that was made from it"
        ) from error


def _described(manifest: dict[str, Any]) -> str:
    own = f" ({len(manifest['own'])} of one's own)" if manifest["own"] else ""
    return (
        f"{len(manifest['corruptions'])} corruptions{own} x severities 1-5 of {manifest['images']} {manifest['split']} "
        f"images of {manifest['dataset']}; seed {manifest['seed']}"
    )
