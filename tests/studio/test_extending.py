"""Methods of one's own through real child processes: added once, recorded, run where they are needed only."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from card_studio.domain.job import Suite
from card_studio.domain.recipe import recipe_from
from card_studio.errors import ExtensionError, RecipeError, UserError
from card_studio.files import file_hash
from card_studio.settings import Settings
from card_studio.studio.extending import own_methods
from card_studio.studio.workspace import Workspace
from tests.processes import end_processes_of

EXAMPLE = Path(__file__).parents[2] / "resources" / "extensions" / "example.py"
HEAD = "from card_studio.extend import augmentation\n"
BODY = "@augmentation('stripes')\ndef stripes(images, generator, options):\n    return images * 0.5\n"
WITHIN_S = 250
OWN = recipe_from(
    {
        "data": {"name": "shapes", "train_images": 100, "held_out_images": 50},
        "network": {"name": "own.tiny_mixer", "depth": 1, "width": 0.5},
        "augmentation": {"name": "own.stripes", "period": 8},
        "training": {"epochs": 1, "batch_size": 50},
        "compression": {"method": "lrr", "sparsity": 0.2, "criterion": {"name": "own.spread", "power": 0.5}},
    }
)
SUITE = Suite.model_validate({"corruptions": ["contrast", "own.posterise_bars"], "severities": [1, 5], "images": 20})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the example, and a card made with all of it and evaluated with its corruption."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARD_STUDIO_HOST_LINGER_S", "1")
        patch.setenv("CARD_STUDIO_WORKERS", "1")
        opened = Workspace(folder / "workspace", settings=Settings())
        opened.add_extension(EXAMPLE)
        opened.wait(opened.submit(OWN, evaluate=SUITE), timeout_s=WITHIN_S)
        for job in opened.jobs():
            opened.wait(job, timeout_s=WITHIN_S)
        yield opened
    opened.close()
    end_processes_of(folder)


def test_a_card_is_made_with_methods_of_ones_own(made: Workspace) -> None:
    (card,) = made.cards()
    source = file_hash(EXAMPLE)
    assert card.kept_weights == round((1 - 0.2) * card.prunable_weights)
    plain = card.recipe.model_dump(mode="json")
    assert plain["network"]["source"] == plain["augmentation"]["source"] == source
    assert plain["compression"]["criterion"] == {"name": "own.spread", "source": source, "power": 0.5}
    assert (card.augmentation, card.recipe.network.name) == ("own.stripes", "own.tiny_mixer")
    assert card.name == "own.tiny_mixer · own.stripes · lrr by own.spread 20 %"


def test_a_corruption_of_ones_own_is_told_and_never_counts(made: Workspace) -> None:
    (card,) = made.cards()
    (evaluation,) = made.evaluations([card.id])
    assert evaluation.suite == made.own_methods().resolved_corruptions(SUITE)
    assert [each.model_dump() for each in evaluation.suite.own] == [
        {"name": "own.posterise_bars", "source": file_hash(EXAMPLE), "width": 8}
    ]
    names = [str(cell.corruption) for cell in evaluation.cells]
    assert names == ["None", "contrast", "contrast", "own.posterise_bars", "own.posterise_bars"]
    ours = [cell.accuracy for cell in evaluation.cells if cell.corruption == "contrast"]
    assert evaluation.robust_accuracy == pytest.approx(sum(ours) / 2)
    assert "1 corruptions" in SUITE.definition
    assert "1 of one's own, not in the mean" in SUITE.definition
    with pytest.raises(RecipeError, match=r"this workspace has no corruption own.gone"):
        made.evaluate([card.id], Suite.model_validate({"corruptions": ["own.gone"]}))


@pytest.mark.slow
def test_a_card_of_ones_own_is_dealt_scored_and_asked_until_its_code_is_gone(made: Workspace) -> None:
    (card,) = made.cards()
    (evaluation,) = made.evaluations([card.id])
    made.wait(made.evaluate([card.id], SUITE), timeout_s=WITHIN_S)
    assert len(made.evaluations([card.id])) == 1  # what was asked for before the card was made is the same suite
    deck = made.deal("mine", [card.id])
    for job in made.submit_all(made.missing(deck, evaluation.suite)):
        made.wait(job, timeout_s=WITHIN_S)
    assert made.score(deck, evaluation.suite).robust == pytest.approx(evaluation.robust_accuracy)
    plain = made.samples(deck, count=20)
    assert (made.samples(deck, "own.posterise_bars", 5, count=20) != plain).any()
    (answer,) = made.predict(deck, plain[:1])
    assert answer.chosen.startswith("own.stripes period=8")
    assert answer.probabilities is not None

    made.remove_extension("example.py")
    lost = made.map([card.id])
    with pytest.raises(UserError, match=f"own.tiny_mixer needs the code {file_hash(EXAMPLE)[:8]}"):
        made.wait(lost, timeout_s=WITHIN_S)
    made.add_extension(EXAMPLE)


def test_a_changed_file_makes_other_cards_and_old_recipes_keep_their_code(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    recipe = recipe_from({"augmentation": {"name": "own.stripes"}})
    sources = []
    for scale in ("0.5", "0.25"):
        path.write_text(HEAD + BODY.replace("0.5", scale), encoding="utf-8")
        assert not workspace.knows_extension(path)
        sources.append(workspace.add_extension(path).source)
        assert workspace.knows_extension(path)
        assert workspace.own_methods().resolved(recipe).augmentation.model_dump()["source"] == sources[-1]
    old = recipe_from({"augmentation": {"name": "own.stripes", "source": sources[0]}})
    assert workspace.own_methods().resolved(old) == old
    assert [each.current for each in workspace.own_methods().extensions] == [True, False]
    assert workspace.add_extension(path).source == sources[1]  # runs nothing: it is known
    assert (workspace.path / "extensions" / f"{sources[0]}.py").read_text(encoding="utf-8") == HEAD + BODY


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (BODY, "mine.py: its code cannot be run: NameError: name 'augmentation' is not defined (line 1)"),
        (HEAD + "import os\nos._exit(3)", "mine.py: its code ended the process"),
        (HEAD + "import time\ntime.sleep(60)", "mine.py: its code took over"),
    ],
)
def test_a_broken_file_leaves_nothing_behind(workspace: Workspace, tmp_path: Path, code: str, said: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(code, encoding="utf-8")
    with pytest.raises(ExtensionError) as refused:
        workspace.add_extension(path, within_s=3 if "sleep" in code else 60)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
    assert not list((workspace.path / "extensions").iterdir())
    with pytest.raises(RecipeError, match=r"this workspace has no augmentation own.stripes"):
        workspace.submit(recipe_from({"augmentation": {"name": "own.stripes"}}))
    assert workspace.jobs() == []


def test_two_files_may_not_claim_one_name(workspace: Workspace, tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text(HEAD + BODY, encoding="utf-8")
    second.write_text(HEAD + BODY + "# another\n", encoding="utf-8")
    workspace.add_extension(first)
    with pytest.raises(ExtensionError, match=r"augmentation own.stripes is registered by first.py already"):
        workspace.add_extension(second)
    assert [each.label for each in own_methods(workspace.path).extensions] == ["first.py"]


def test_the_windows_process_neither_runs_the_file_nor_imports_torch(tmp_path: Path) -> None:
    code = "import os\n" + HEAD + BODY + f"open({str(tmp_path / 'pids')!r}, 'a').write(str(os.getpid()) + '\\n')\n"
    (tmp_path / "mine.py").write_text(code, encoding="utf-8")
    script = f"""
import os, sys
from pathlib import Path
import card_studio as cs
from card_studio.domain.recipe import recipe_from
workspace = cs.Workspace({str(tmp_path / "workspace")!r})
workspace.add_extension(Path({str(tmp_path / "mine.py")!r}))
job = workspace.submit(recipe_from({{"augmentation": {{"name": "own.stripes"}}}}))
loaded = [name for name in sys.modules if name.split(".")[0] == "torch" or name.startswith("card_studio_own")]
print(loaded, os.getpid(), job.spec.recipe.augmentation.source)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    loaded, pid, source = done.stdout.split()
    assert loaded == "[]"
    assert source == file_hash(tmp_path / "mine.py")
    (ran,) = (tmp_path / "pids").read_text().split()
    assert ran != pid


@pytest.mark.slow
def test_an_installed_package_is_added_when_asked_for(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ExtensionError, match="no installed package declares"):
        workspace.add_installed_extensions()
    site = tmp_path / "site"
    info = site / "acme_methods-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-methods\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[card_studio.extensions]\nstripes = acme_methods\n")
    (site / "acme_methods.py").write_text(HEAD + BODY)
    monkeypatch.setenv("PYTHONPATH", str(site))
    (extension,) = workspace.add_installed_extensions()
    assert (extension.label, extension.entry_point) == ("acme-methods: stripes", "acme-methods: stripes")
    stripes = recipe_from({"augmentation": {"name": "own.stripes"}}).augmentation
    dense = recipe_from(
        {
            "data": {"name": "shapes", "train_images": 100, "held_out_images": 50},
            "network": {"name": "resnet8", "width": 0.25},
            "training": {"epochs": 1, "batch_size": 50},
        }
    )
    workspace.wait(workspace.submit(dense.model_copy(update={"augmentation": stripes})), timeout_s=WITHIN_S)
    (card,) = workspace.cards()
    assert json.loads(card.recipe.model_dump_json())["augmentation"]["source"] == extension.source
