"""The recipe's form: every option has a field, problems are shown where they are, TOML and sweep say the same."""

from collections.abc import Iterator
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialogButtonBox, QLineEdit
from pytestqt.qtbot import QtBot

from card_studio.domain.job import Suite
from card_studio.domain.names import AugmentationName, Compression
from card_studio.domain.recipe import Recipe, recipe_from, write_recipe
from card_studio.errors import RecipeError
from card_studio.ui.form import OptionForm, RecipeForm, UnionForm
from card_studio.ui.new_job_dialog import NewJobDialog
from card_studio.ui.sweep import Grid, numbers, sweep
from card_studio.ui.theme import Theme

EVERY_METHOD = [
    {"compression": {"method": str(method)}, "augmentation": {"name": str(augmentation)}}
    for method, augmentation in zip(Compression, [*AugmentationName] * 3, strict=True)
]
EVERY_DATA = [
    {"data": {"name": "shapes"}},
    {"data": {"name": "cifar100"}},
    {"data": {"name": "folder", "path": "pictures.zip"}},
    {"data": {"name": "npz", "path": "pictures.npz"}},
]


@pytest.fixture
def form(qtbot: QtBot, theme: Theme) -> RecipeForm:
    """The form of the default recipe."""
    made = RecipeForm()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> Iterator[NewJobDialog]:
    """The dialog, shown."""
    made = NewJobDialog(theme)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    if shiboken6.isValid(made):
        made.reject()


@pytest.mark.parametrize("values", EVERY_METHOD + EVERY_DATA, ids=str)
def test_the_form_gives_back_every_recipe_it_shows(form: RecipeForm, values: dict[str, Any]) -> None:
    recipe = recipe_from(values)
    form.show_recipe(recipe)
    assert form.recipe == recipe


def test_no_option_is_without_a_field_and_a_spoken_name(form: RecipeForm) -> None:
    recipe = recipe_from({"compression": {"method": "lrr"}, "augmentation": {"name": "augmix"}})
    form.show_recipe(recipe)
    shown = form.values()
    for group, options in recipe.model_dump(mode="json", exclude={"schema_version"}).items():
        assert group in shown
        if isinstance(options, dict):
            only_one_kind = {"criterion"}  # until there is one of one's own
            assert set(shown[group]) == {name for name, value in options.items() if value is not None} - only_one_kind
    lrr = form.part("compression")
    assert isinstance(lrr, UnionForm)
    for name in lrr.form.names:
        assert lrr.form.field(name).focus.accessibleName()


def test_a_problem_is_shown_at_its_field_and_goes_when_mended(form: RecipeForm, qtbot: QtBot) -> None:
    training = form.part("training")
    assert isinstance(training, OptionForm)
    epochs = training.field("epochs").focus
    assert isinstance(epochs, QLineEdit)
    epochs.selectAll()
    qtbot.keyClicks(epochs, "0")
    assert form.recipe is None
    assert "greater than or equal to 1" in epochs.accessibleDescription()
    assert epochs.property("problem") == "true"
    epochs.selectAll()
    qtbot.keyClicks(epochs, "7")
    assert form.recipe is not None
    assert form.recipe.training.epochs == 7
    assert epochs.property("problem") == "false"


def test_a_problem_between_fields_is_shown_at_the_section(form: RecipeForm, qtbot: QtBot) -> None:
    problems: list[str] = []
    form.checked.connect(lambda _recipe, text: problems.append(text))
    training = form.part("training")
    assert isinstance(training, OptionForm)
    nesterov, momentum = training.field("nesterov").focus, training.field("momentum").focus
    assert isinstance(nesterov, QCheckBox)
    assert isinstance(momentum, QLineEdit)
    momentum.setText("0")
    nesterov.setChecked(True)
    assert form.recipe is None
    assert "nesterov needs momentum" in problems[-1]


def test_another_method_shows_its_own_fields(form: RecipeForm, qtbot: QtBot) -> None:
    compression = form.part("compression")
    assert isinstance(compression, UnionForm)
    assert compression.form.names == []
    choice: QComboBox = compression.choice
    choice.setFocus()
    qtbot.keyClicks(choice, "lrr")
    assert choice.currentText() == "lrr"
    assert "share_per_level" in compression.form.names
    field = compression.form.field("also_keep").focus
    assert isinstance(field, QLineEdit)
    field.setText("0, 0.5")
    assert form.recipe is not None
    assert form.recipe.compression.model_dump()["also_keep"] == (0.0, 0.5)


def test_a_form_of_a_suite_reads_lists(qtbot: QtBot, theme: Theme) -> None:
    form = OptionForm(Suite)
    qtbot.addWidget(form)
    form.set_values(Suite(severities=(1, 3)).model_dump(mode="json"))
    assert Suite.model_validate(form.values()) == Suite(severities=(1, 3))


def test_a_job_is_queued_with_the_keyboard(dialog: NewJobDialog, qtbot: QtBot) -> None:
    name = dialog.form.findChild(QLineEdit, "name")
    assert name.hasFocus() or dialog.form.part("").focusProxy() is name
    qtbot.keyClicks(name, "My card")
    with qtbot.waitSignal(dialog.confirmed) as caught:
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    specs, priority = caught.args
    assert [spec.recipe.name for spec in specs] == ["My card"]
    assert specs[0].then_evaluate == Suite()
    assert priority == 0


def test_toml_and_form_say_the_same(dialog: NewJobDialog, qtbot: QtBot) -> None:
    dialog.tabs.setCurrentIndex(1)
    assert recipe_from({}) == dialog.recipe
    assert dialog.toml.toPlainText() == write_recipe(Recipe())
    dialog.toml.setPlainText('seed = 5\n[compression]\nmethod = "lrr"\nsparsity = 0.9\n')
    assert dialog.recipe is not None
    assert dialog.recipe.seed == 5
    assert str(dialog.recipe.compression.method) == "lrr"
    dialog.toml.setPlainText('seed = "many"')
    assert not dialog.submit.isEnabled()
    assert "seed" in dialog.problem
    dialog.toml.setPlainText("seed = ")
    assert not dialog.submit.isEnabled()
    assert "TOML" in dialog.problem


def test_a_preset_fills_the_form(dialog: NewJobDialog, qtbot: QtBot) -> None:
    title = next(dialog.presets.itemText(i) for i in range(1, dialog.presets.count()))
    dialog.presets.setFocus()
    dialog.presets.setCurrentIndex(1)
    dialog.presets.activated.emit(1)
    assert dialog.recipe is not None
    assert dialog.recipe.title == title


def test_a_sweep_says_how_many_jobs_and_makes_them(dialog: NewJobDialog, qtbot: QtBot) -> None:
    dialog.tabs.setCurrentIndex(2)
    for method in (Compression.DENSE, Compression.LRR):
        dialog.sweep.methods[method].click()
    qtbot.keyClicks(dialog.sweep.sparsities, "0.8, 0.9")
    qtbot.keyClicks(dialog.sweep.seeds, "0-2")
    assert dialog.submit.text() == "Queue 9 jobs"  # dense 3, LRR 2 x 3
    with qtbot.waitSignal(dialog.confirmed) as caught:
        qtbot.mouseClick(dialog.submit, Qt.MouseButton.LeftButton)
    assert len(caught.args[0]) == 9


def test_a_wrong_axis_is_refused_with_its_name(dialog: NewJobDialog, qtbot: QtBot) -> None:
    dialog.tabs.setCurrentIndex(2)
    qtbot.keyClicks(dialog.sweep.sparsities, "0.8, lots")
    assert not dialog.submit.isEnabled()
    assert "Sparsities: lots" in dialog.problem


def test_cancelling_queues_nothing(dialog: NewJobDialog, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(dialog.confirmed):
        box = dialog.findChild(QDialogButtonBox)
        qtbot.mouseClick(box.button(QDialogButtonBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)


def test_a_sweep_keeps_what_methods_have_in_common() -> None:
    base = recipe_from({"compression": {"method": "lrr", "sparsity": 0.8, "share_per_level": 0.3}})
    made = sweep(base, Grid(methods=(Compression.LRR, Compression.LTH), augmentations=tuple(AugmentationName)))
    assert len(made) == 6
    assert {recipe.compression.model_dump()["share_per_level"] for recipe in made} == {0.3}


def test_an_empty_grid_is_the_recipe_itself() -> None:
    assert sweep(Recipe(), Grid()) == [Recipe()]


def test_too_many_jobs_are_refused() -> None:
    with pytest.raises(RecipeError, match="1,001"):
        sweep(Recipe(), Grid(seeds=tuple(range(1001))))


@pytest.mark.parametrize(
    ("text", "found"), [("0-3", (0, 1, 2, 3)), ("5, 7", (5, 7)), ("", ()), ("1, 1", (1,)), ("2; 4-5", (2, 4, 5))]
)
def test_lists_of_whole_numbers(text: str, found: tuple[int, ...]) -> None:
    assert numbers(text, "Seeds", whole=True) == found


def test_what_has_no_effect_is_not_shown(dialog: NewJobDialog, qtbot: QtBot) -> None:
    training = dialog.form.part("training")
    assert isinstance(training, OptionForm)
    schedule, milestones = training.field("schedule").focus, training.field("milestones").focus
    assert isinstance(schedule, QComboBox)
    assert (schedule.currentText(), milestones.isVisible()) == ("cosine", False)
    schedule.setCurrentText("step")
    qtbot.waitUntil(milestones.isVisible)
    schedule.setCurrentText("constant")
    qtbot.waitUntil(lambda: not milestones.isVisible())
