"""A new job: the recipe's form or its TOML, a sweep around it, and what is measured afterwards."""

import tomllib

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from card_studio.domain.job import Job, MakeCard
from card_studio.domain.own import OwnMethods
from card_studio.domain.recipe import Recipe, recipe_from, write_recipe
from card_studio.errors import RecipeError
from card_studio.ui.afterwards import Afterwards
from card_studio.ui.form import RecipeForm
from card_studio.ui.pieces import label, on_surface, row, rule
from card_studio.ui.presets import presets
from card_studio.ui.sweep_form import SweepForm
from card_studio.ui.theme import SPACE, Theme, fixed_font
from card_studio.ui.words import counted

_FORM, _TOML = 0, 1


class NewJobDialog(QDialog):
    """Makes job specs; emits `confirmed` with them and their priority."""

    confirmed = Signal(list, int)

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None = None,
        template: Job | None = None,
        *,
        own: OwnMethods | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("New job")
        self.form = RecipeForm(own=own)
        self.toml = QPlainTextEdit()
        self.toml.setFont(fixed_font())
        self.toml.setAccessibleName("Recipe as TOML")
        self.sweep = SweepForm(own)
        self.afterwards = Afterwards()
        self.presets = QComboBox()
        self.priority = QSpinBox()
        self._recipes: list[Recipe] = []
        self._wrong = ""
        self._presets = presets()
        self._build()
        self._connect()
        if template is not None and isinstance(template.spec, MakeCard):
            self._show_template(template, template.spec)
        self._judge()
        self.form.part("").setFocus()

    @property
    def recipe(self) -> Recipe | None:
        """The recipe as it stands; None while it is wrong."""
        return self.form.recipe

    @property
    def problem(self) -> str:
        """What is wrong, in one line; empty where nothing is."""
        return self._problem.text()

    def specs(self) -> list[MakeCard]:
        """Return the jobs as they stand; none while something is wrong."""
        suite, options = self.afterwards.suite(), self.afterwards.map_options()
        return [MakeCard(recipe=recipe, then_evaluate=suite, then_map=options) for recipe in self._recipes]

    def done(self, result: int) -> None:
        """Close, telling of the jobs first if they were confirmed."""
        if result == QDialog.DialogCode.Accepted:
            self.confirmed.emit(self.specs(), self.priority.value())
        super().done(result)
        self.deleteLater()

    def _build(self) -> None:
        screen = self.screen().availableSize()
        self.resize(min(960, screen.width() - 40), min(800, screen.height() - 60))
        self.presets.setAccessibleName("Begin from a recipe")
        self.presets.addItem("Begin from…")
        self.presets.addItems(list(self._presets))
        self.priority.setRange(-100, 100)
        self.priority.setAccessibleName("Priority")
        self._problem = label("", "problem", wrap=True)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setProperty("panel", "dialog")
        for part, name in ((self.form, "&Recipe"), (self.toml, "&TOML"), (self.sweep, "&Sweep")):
            self.tabs.addTab(_scrolled(part) if part is not self.toml else part, name)
        self.tabs.addTab(_scrolled(self.afterwards), "&Afterwards")
        head = row(label("New job", "title"), None, self.presets)
        head.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 0)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.submit = QPushButton("Queue 1 job")
        self.submit.setProperty("role", "primary")
        self._buttons.addButton(self.submit, QDialogButtonBox.ButtonRole.AcceptRole)
        foot = row(label("Priority"), self.priority, self._problem, self._buttons, spacing=2 * SPACE)
        foot.setStretch(2, 1)
        foot.setContentsMargins(3 * SPACE, SPACE, 3 * SPACE, 2 * SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(rule())
        layout.addLayout(foot)
        self.submit.setDefault(True)

    def _connect(self) -> None:
        self.form.checked.connect(self._on_form_checked)
        self.toml.textChanged.connect(self._on_toml_typed)
        self.sweep.edited.connect(self._judge)
        self.afterwards.edited.connect(self._judge)
        self.presets.activated.connect(self._on_preset_chosen)
        self.tabs.currentChanged.connect(self._on_tab_chosen)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    def _show_template(self, job: Job, spec: MakeCard) -> None:
        self.form.show_recipe(spec.recipe)
        self.priority.setValue(job.priority)
        self.afterwards.show_choices(spec.then_evaluate, spec.then_map)

    def _on_form_checked(self, _recipe: Recipe | None, problem: str) -> None:
        self._wrong = problem
        self._judge()

    def _on_preset_chosen(self, index: int) -> None:
        if index > 0:
            self.form.show_recipe(self._presets[self.presets.itemText(index)])
            self._fill_toml()

    def _on_tab_chosen(self, index: int) -> None:
        if index == _TOML:
            self._fill_toml()
            self.toml.setFocus()
        else:
            self._judge()

    def _fill_toml(self) -> None:
        if self.form.recipe is not None:
            self.toml.blockSignals(True)
            self.toml.setPlainText(write_recipe(self.form.recipe))
            self.toml.blockSignals(False)

    def _on_toml_typed(self) -> None:
        """Bring valid TOML into the form at once; say of other what is wrong, and queue nothing meanwhile."""
        try:
            recipe = recipe_from(tomllib.loads(self.toml.toPlainText()), "TOML")
        except tomllib.TOMLDecodeError as error:
            self._refuse(f"not TOML yet: {error}")
        except RecipeError as error:
            self._refuse(str(error).removeprefix("TOML: "))
        else:
            self.form.show_recipe(recipe)

    def _judge(self) -> None:
        if self.form.recipe is None:
            self._refuse("see the fields marked in red" if self.tabs.currentIndex() == _FORM else self._wrong)
            return
        try:
            recipes = self.sweep.recipes(self.form.recipe)
            self.afterwards.check()
        except RecipeError as error:
            self._refuse(str(error))
            return
        self._recipes = recipes
        self._problem.clear()
        self.sweep.say(f"{counted(len(recipes), 'job')}")
        self.submit.setText(f"Queue {counted(len(recipes), 'job')}")
        self.submit.setEnabled(True)

    def _refuse(self, reason: str) -> None:
        self._recipes = []
        self._problem.setText(reason)
        self.sweep.say(reason)
        self.submit.setText("Queue")
        self.submit.setEnabled(False)


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(widget)
    on_surface(area)
    on_surface(widget)
    return area
