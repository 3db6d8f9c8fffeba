"""`corrupt DATASET OUT`, and `evaluate --suite OUT` on what it wrote: through the queue, as a user does it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from card_studio.__main__ import run
from card_studio.cli.corrupt_app import data_named
from card_studio.cli.options import suite_source
from card_studio.domain.job import CorruptDataset
from card_studio.domain.options import CifarData, FolderData, NpzData, ShapesData
from card_studio.errors import DataError, RecipeError
from card_studio.studio.examples import example_extension
from card_studio.studio.workspace import Workspace

RECIPE = """
[data]
name = "npz"
path = "colours.npz"
validation_share = 0.2
test_share = 0.2

[network]
name = "conv2"
width = 0.1

[training]
epochs = 1
batch_size = 30
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small dataset and a recipe for it, and a host that ends with its work."""
    monkeypatch.setenv("CARD_STUDIO_HOST_LINGER_S", "1")
    monkeypatch.setenv("CARD_STUDIO_WORKERS", "1")
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 50)
    images = rng.integers(0, 120, (150, 3, 12, 12)) + 130 * np.eye(3, dtype=int)[labels][:, :, None, None]
    np.savez(tmp_path / "colours.npz", images=images.astype(np.uint8), labels=labels)
    (tmp_path / "mine.toml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def workspace(folder: Path) -> Iterator[Workspace]:
    opened = Workspace(folder / "workspace")
    yield opened
    opened.close()


def test_a_written_set_is_evaluated_like_the_builtin_suite(
    folder: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> Any:
        assert not run(["--workspace", str(workspace.path), *arguments, "--json"])
        return json.loads(capsys.readouterr().out)

    extension = workspace.add_extension(example_extension())
    few = ("--corruption", "fog", "--corruption", "shot_noise", "--corruption", "own.posterise_bars")
    card = said("run", "mine.toml")["cards"][0]["id"]
    written = said("corrupt", "mine.toml", "colours-c", *few)
    assert written["out"] == str(folder / "colours-c")
    assert set(written["manifest"]["corruptions"]) == {"fog", "shot_noise", "own.posterise_bars"}
    bars = {"name": "own.posterise_bars", "source": extension.source, "width": 8}
    assert written["manifest"]["own"] == {"own.posterise_bars": bars}
    assert np.load(folder / "colours-c" / "fog.npy").shape == (150, 12, 12, 3)
    (own,) = said("evaluate", card[:12], "--suite", "colours-c", *few)
    (builtin,) = said("evaluate", card[:12], *few)
    assert own["cells"] == builtin["cells"]
    assert sum(cell["corruption"] == "own.posterise_bars" for cell in own["cells"]) == 5
    assert own["suite"]["source"] == str(folder / "colours-c")
    assert run(["--workspace", str(workspace.path), "corrupt", "mine.toml", "colours-c", "--seed", "1"]) == 2
    assert "holds another set, whose seed is 0 instead of 1" in capsys.readouterr().err


def test_without_waiting_it_is_only_queued(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert not run(["--workspace", str(workspace.path), "corrupt", "colours.npz", "out", "--no-wait"])
    assert "queued as job 1: Corrupt colours into out" in capsys.readouterr().out
    (job,) = workspace.jobs()
    assert isinstance(job.spec, CorruptDataset)
    assert job.spec.out == Path("out").resolve()
    assert isinstance(job.spec.data, NpzData)
    assert job.spec.data.path == Path("colours.npz").resolve()


def test_what_is_no_corruption_is_one_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    for name, said in (("fogg", "--corruption fogg: it is none of"), ("own.gone", "has no corruption own.gone")):
        assert run(["--workspace", str(workspace.path), "corrupt", "colours.npz", "out", "--corruption", name]) == 2
        error = capsys.readouterr().err.strip()
        assert said in error
        assert "\n" not in error
    assert workspace.jobs() == []


def test_a_part_that_is_not_there_is_one_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--workspace", str(workspace.path), "corrupt", "colours.npz", "out", "--split", "train"]) == 2
    assert "'train' is not one of 'test', 'validation'" in capsys.readouterr().err
    assert workspace.jobs() == []


def test_words_for_datasets(folder: Path, workspace: Workspace) -> None:
    assert data_named("shapes", ["data.render_seed=7"], workspace) == ShapesData(render_seed=7)
    assert data_named("cifar10", ["data.download=true"], workspace) == CifarData(download=True)
    assert data_named("mine.toml", ["data.test_share=0.3"], workspace) == NpzData(
        path=folder / "colours.npz", validation_share=0.2, test_share=0.3
    )
    (folder / "pictures").mkdir()
    assert data_named("pictures", ["data.size=64"], workspace) == FolderData(path=folder / "pictures", size=64)


def test_a_word_that_means_nothing_is_one_line(workspace: Workspace) -> None:
    with pytest.raises(
        DataError, match=r"^nothing: no dataset: give shapes, cifar10, cifar100, .* or the id of a card"
    ):
        data_named("nothing", [], workspace)
    with pytest.raises(RecipeError, match=r"^shapes: data.sise: there is no such option"):
        data_named("shapes", ["data.sise=64"], workspace)


def test_words_for_suites(folder: Path) -> None:
    assert suite_source("builtin", "CIFAR-10") == "builtin"
    assert suite_source("cifar-c", "CIFAR-100") == "CIFAR-100-C"
    (folder / "mine-c").mkdir()
    assert suite_source("mine-c", "CIFAR-10") == str(folder / "mine-c")
    assert suite_source("elsewhere", "CIFAR-10") == "elsewhere"
