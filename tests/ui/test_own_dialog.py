"""One's own methods in the window: asked for before anything is run, then in the form like ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from card_studio.domain.names import MethodKind
from card_studio.domain.own import Extension, OwnMethods, described
from card_studio.domain.recipe import recipe_from
from card_studio.extend import Options, option
from card_studio.studio.workspace import Workspace
from card_studio.ui.bridge import Bridge
from card_studio.ui.cards_filter import CardsFilter
from card_studio.ui.form import RecipeForm, UnionForm
from card_studio.ui.own_dialog import OwnDialog
from card_studio.ui.sweep_form import SweepForm
from card_studio.ui.theme import Theme

CODE = (
    "from card_studio.extend import augmentation\n"
    "@augmentation('fade')\n"
    "def fade(images, generator, options):\n"
    '    """Half as bright."""\n'
    "    return images * 0.5\n"
)


class StripesOptions(Options):
    period: int = option(4, "Rows from one stripe to the next", unit="px", ge=2, le=32)
    soft: bool = option(False, "Soft edges")


def own() -> OwnMethods:
    kinds = (MethodKind.NETWORK, MethodKind.AUGMENTATION, MethodKind.CRITERION)
    methods = tuple(described(kind, f"my_{kind}", f"My {kind}", StripesOptions) for kind in kinds)
    return OwnMethods(extensions=(Extension(source="a" * 64, label="mine.py", methods=methods),))


@pytest.fixture
def form(qtbot: QtBot, theme: Theme) -> RecipeForm:
    """The form where there are methods of one's own."""
    made = RecipeForm(own=own())
    qtbot.addWidget(made)
    return made


def union(form: RecipeForm, name: str) -> UnionForm:
    part = form.part(name)
    assert isinstance(part, UnionForm)
    return part


def test_own_methods_stand_among_ours_with_their_options(form: RecipeForm) -> None:
    for group in ("network", "augmentation"):
        choice = union(form, group).choice
        assert choice.itemText(choice.count() - 1) == f"own.my_{group}"
        choice.setCurrentText(f"own.my_{group}")
        field = union(form, group).form.field("period")
        assert field.read() == "4"
        field.write("9")
        assert "source" not in union(form, group).form.names
    assert form.recipe is not None
    assert form.recipe.network.model_dump()["period"] == "9"  # plain as typed: the workspace makes it a number


def test_a_wrong_option_is_told_at_its_field(form: RecipeForm) -> None:
    union(form, "augmentation").choice.setCurrentText("own.my_augmentation")
    field = union(form, "augmentation").form.field("period")
    field.write("99")
    assert form.recipe is None
    assert "less than or equal to 32" in field.focus.accessibleDescription()
    field.write("8")
    assert form.recipe is not None
    assert "less than" not in field.focus.accessibleDescription()


def test_a_criterion_is_chosen_within_its_method(form: RecipeForm) -> None:
    recipe = recipe_from(
        {"compression": {"method": "lrr", "criterion": {"name": "own.my_criterion", "period": 3, "soft": True}}}
    )
    resolved = own().resolved(recipe)
    form.show_recipe(resolved)
    assert form.recipe is not None
    assert own().resolved(form.recipe) == resolved
    assert not form.part("").findChildren(UnionForm)
    union(form, "compression").choice.setCurrentText("edge_popup")
    assert form.recipe is not None
    assert "criterion" not in form.values()["compression"]


def test_a_method_that_is_gone_is_shown_and_refused(qtbot: QtBot, theme: Theme) -> None:
    values = {
        "network": {"name": "own.gone"},
        "augmentation": {"name": "own.gone"},
        "compression": {"method": "lrr", "criterion": {"name": "own.gone"}},
    }
    for known in (None, own()):
        made = RecipeForm(own=known)
        qtbot.addWidget(made)
        for group, value in values.items():
            problems: list[str] = []
            made.checked.connect(lambda _recipe, problem, told=problems: told.append(problem))
            made.show_recipe(recipe_from({group: value}))
            assert made.recipe is None
            assert "own.gone" in problems[-1]
            assert not made.part("").findChildren(UnionForm)


def test_sweeps_and_filters_offer_own_augmentations(qtbot: QtBot, theme: Theme) -> None:
    sweep = SweepForm(own())
    cards = CardsFilter()
    qtbot.addWidget(sweep)
    qtbot.addWidget(cards)
    sweep.augmentations["own.my_augmentation"].setChecked(True)
    assert sweep.recipes(recipe_from({}))[0].augmentation.name == "own.my_augmentation"
    cards.offer_own(own())
    cards.augmentations.ticks["own.my_augmentation"].setChecked(True)
    cards.offer_own(own())
    assert cards.augmentations.chosen() == ("own.my_augmentation",)


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[OwnDialog]:
    """The dialog over a new workspace, shown."""
    bridge = Bridge(Workspace(tmp_path / "workspace"))
    parent = QWidget()
    parent.resize(1000, 700)
    qtbot.addWidget(parent)
    parent.show()
    made = OwnDialog(bridge, parent)
    made.show()
    qtbot.waitUntil(lambda: "None yet" in made.said.text())
    yield made
    made.reject()
    bridge.close()
    bridge.deleteLater()


def answer(dialog: OwnDialog, text: str) -> None:
    """Click a button of the question that is asked."""
    (box,) = dialog.findChildren(QMessageBox)
    next(each for each in box.buttons() if each.text() == text).click()


def test_a_file_is_run_only_after_a_yes(dialog: OwnDialog, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(CODE, encoding="utf-8")
    folder = dialog.bridge.workspace.path / "extensions"
    dialog.ask_to_add(path)
    qtbot.waitUntil(lambda: bool(dialog.findChildren(QMessageBox)))
    assert dialog.findChildren(QMessageBox)[0].text() == "Run code from mine.py?"
    answer(dialog, "Do not add")
    qtbot.waitUntil(lambda: not dialog.findChildren(QMessageBox))
    assert not folder.exists()

    dialog.ask_to_add(path)
    qtbot.waitUntil(lambda: bool(dialog.findChildren(QMessageBox)))
    with qtbot.waitSignal(dialog.edited, timeout=60_000):
        answer(dialog, "Run and add")
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 1)
    assert (dialog.model.record(0).method.name, dialog.said.text()) == ("own.fade", "mine.py is added")

    dialog.table.selectRow(0)
    dialog.remove.click()
    answer(dialog, "Remove")
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 0)
    assert not list(folder.iterdir())


def test_a_broken_file_is_refused_in_the_dialog(dialog: OwnDialog, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def (:", encoding="utf-8")
    dialog.ask_to_add(path)
    qtbot.waitUntil(lambda: bool(dialog.findChildren(QMessageBox)))
    answer(dialog, "Run and add")
    qtbot.waitUntil(lambda: dialog.said.property("role") == "problem", timeout=60_000)
    assert dialog.said.text() == "mine.py: its code cannot be run: SyntaxError: invalid syntax (line 1)"
    assert dialog.add_file.isEnabled()
