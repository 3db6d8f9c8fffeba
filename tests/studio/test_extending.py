"""Methods of one's own through real child processes: added once, recorded, run where they are needed only."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from card_studio.domain.job import EvaluateCards, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.recipe import Recipe, recipe_from
from card_studio.errors import ExtensionError, RecipeError, UserError
from card_studio.files import file_hash
from card_studio.studio.extending import own_methods
from card_studio.studio.workspace import Workspace

EXAMPLE = Path(__file__).parents[2] / "resources" / "extensions" / "example.py"
HEAD = "from card_studio.extend import augmentation\n"
BODY = "@augmentation('stripes')\ndef stripes(images, generator, options):\n    return images * 0.5\n"
WITHIN_S = 250
DENSE = recipe_from(
    {
        "data": {"name": "shapes", "train_images": 100, "held_out_images": 50},
        "network": {"name": "resnet8", "width": 0.25},
        "training": {"epochs": 1, "batch_size": 50},
    }
)
SUITE = Suite(corruptions=(CorruptionName.CONTRAST,), severities=(1,), images=20)


@pytest.fixture
def small() -> Recipe:
    """An own network, augmentation and criterion, in seconds."""
    return recipe_from(
        {
            "data": {"name": "shapes", "train_images": 200, "held_out_images": 50},
            "network": {"name": "own.tiny_mixer", "depth": 1},
            "augmentation": {"name": "own.stripes", "period": 8},
            "training": {"epochs": 1, "batch_size": 50},
            "compression": {"method": "lrr", "sparsity": 0.36, "criterion": {"name": "own.spread", "power": 0.5}},
        }
    )


def test_a_card_is_made_evaluated_and_dealt_with_methods_of_ones_own(workspace: Workspace, small: Recipe) -> None:
    workspace.add_extension(EXAMPLE)
    workspace.wait(workspace.submit(small, evaluate=SUITE), timeout_s=WITHIN_S)
    (card,) = workspace.cards()
    source = file_hash(EXAMPLE)
    assert card.kept_weights == round((1 - 0.36) * card.prunable_weights)
    plain = card.recipe.model_dump(mode="json")
    assert plain["network"]["source"] == plain["augmentation"]["source"] == source
    assert plain["compression"]["criterion"] == {"name": "own.spread", "source": source, "power": 0.5}
    assert (card.augmentation, card.recipe.network.name) == ("own.stripes", "own.tiny_mixer")
    assert workspace.cards()[0].name == "own.tiny_mixer · own.stripes · lrr by own.spread 36 %"

    workspace.wait(workspace.evaluate([card.id], SUITE), timeout_s=WITHIN_S)
    deck = workspace.deal("mine", [card.id])
    (answer,) = workspace.predict(deck, workspace.samples(deck, count=1))
    assert answer.chosen.startswith("own.stripes period=8")
    assert answer.probabilities is not None

    workspace.remove_extension("example.py")
    lost = workspace.map([card.id])
    with pytest.raises(UserError, match=f"own.tiny_mixer needs the code {source[:8]}"):
        workspace.wait(lost, timeout_s=WITHIN_S)


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
    workspace.wait(workspace.submit(DENSE.model_copy(update={"augmentation": stripes})), timeout_s=WITHIN_S)
    (card,) = workspace.cards()
    assert json.loads(card.recipe.model_dump_json())["augmentation"]["source"] == extension.source


def test_a_corruption_of_ones_own_is_told_and_never_counts(workspace: Workspace) -> None:
    workspace.add_extension(EXAMPLE)
    given = {"corruptions": ["contrast", "own.posterise_bars"], "severities": [1, 5], "images": 20}
    suite = Suite.model_validate(given)
    workspace.wait(workspace.submit(DENSE, evaluate=suite), timeout_s=WITHIN_S)
    (card,) = workspace.cards()
    job = workspace.evaluate([card.id], suite)
    workspace.wait(job, timeout_s=WITHIN_S)
    (evaluation,) = workspace.evaluations([card.id])  # what was asked for before the card was made is the same suite
    assert isinstance(job.spec, EvaluateCards)
    assert evaluation.suite == job.spec.suite
    assert [each.model_dump() for each in evaluation.suite.own] == [
        {"name": "own.posterise_bars", "source": file_hash(EXAMPLE), "width": 8}
    ]
    names = [str(cell.corruption) for cell in evaluation.cells]
    assert names == ["None", "contrast", "contrast", "own.posterise_bars", "own.posterise_bars"]
    ours = [cell.accuracy for cell in evaluation.cells if cell.corruption == "contrast"]
    assert evaluation.robust_accuracy == pytest.approx(sum(ours) / 2)
    assert "1 corruptions" in suite.definition
    assert "1 of one's own, not in the mean" in suite.definition

    deck = workspace.deal("one", [card.id])
    for job in workspace.submit_all(workspace.missing(deck, evaluation.suite)):
        workspace.wait(job, timeout_s=WITHIN_S)
    assert workspace.score(deck, evaluation.suite).robust == pytest.approx(evaluation.robust_accuracy)
    shown = workspace.samples(deck, "own.posterise_bars", 5, count=20)
    assert (shown != workspace.samples(deck, count=20)).any()

    with pytest.raises(RecipeError, match=r"this workspace has no corruption own.gone"):
        workspace.evaluate([card.id], Suite.model_validate({"corruptions": ["own.gone"]}))
