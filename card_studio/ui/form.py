"""The recipe's form, made from the recipe's own declaration: sections, fields, choices between kinds, live checks."""

import typing
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from card_studio.domain.declaration import OwnKinds, is_shown, kinds_of, matters, tag_of, tags_of, unit_of
from card_studio.domain.names import OWN_PREFIX
from card_studio.domain.options import Options
from card_studio.domain.own import OwnMethods
from card_studio.domain.recipe import Recipe, recipe_from
from card_studio.errors import RecipeError
from card_studio.ui.fields import Field, help_of, make_field
from card_studio.ui.pieces import label, row, rule
from card_studio.ui.theme import SPACE, font_px
from card_studio.ui.words import spoken

_HIDDEN = frozenset({"schema_version"})
Place = tuple[str, ...]


class OptionForm(QWidget):
    """Fields of one group of options, each a line: its name, its widget and unit, its help or what is wrong with it."""

    edited = Signal()

    def __init__(self, kind: type[Options], *, without: frozenset[str] = frozenset(), own: OwnKinds = ()) -> None:
        super().__init__()
        self.kind = kind
        self._without = without
        self._quiet = False
        self._fields: dict[str, Field] = {}
        self._helps: dict[str, tuple[QLabel, str]] = {}
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        self._groups: dict[str, UnionForm] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(2 * SPACE)
        self._grid.setVerticalSpacing(SPACE // 2)
        self._grid.setColumnMinimumWidth(0, font_px("body") * 12)
        self._grid.setColumnMinimumWidth(1, font_px("body") * 20)
        self._grid.setColumnStretch(2, 1)
        for name, info in kind.model_fields.items():
            if name in without or _is_tag(info) or not is_shown(info):
                continue
            if not is_group(info):
                self._add(name, info)
            elif len(kinds_of(info, own)) > 1:
                self._add_group(name, UnionForm(kinds_of(info, own), tag_of(info), name, title=spoken(name)))
        self._show_what_matters()

    @property
    def names(self) -> list[str]:
        """The options that have a field here."""
        return list(self._fields)

    def field(self, name: str) -> Field:
        """Return the field of an option."""
        return self._fields[name]

    def values(self) -> dict[str, Any]:
        """Return plain values, unchecked."""
        values = {name: field.read() for name, field in self._fields.items()}
        plain = {name: value for name, value in values.items() if value is not None}
        return plain | {name: group.values() for name, group in self._groups.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values without counting them as edits."""
        self._quiet = True
        for name, field in self._fields.items():
            if name in values:
                field.write(values[name])
        for name, info in self.kind.model_fields.items():
            if name in self._groups or name in self._without or not is_group(info):
                continue
            if name in values and _is_own(values[name]):
                self._add_group(name, UnionForm(kinds_of(info), tag_of(info), name, title=spoken(name)))
        for name, group in self._groups.items():
            if name in values:
                group.set_values(values[name])
        self._quiet = False
        self._show_what_matters()

    def show_problem(self, name: str, text: str) -> bool:
        """Show at a field what is wrong with it; return whether there is such a field."""
        if name not in self._helps:
            return any(group.show_problem(name, text) for group in self._groups.values())
        self._say(name, text, "problem")
        return True

    def clear_problems(self) -> None:
        """Show every field's help again."""
        for name, (_line, help_text) in self._helps.items():
            self._say(name, help_text, "caption")
        for group in self._groups.values():
            group.clear_problems()

    def _say(self, name: str, text: str, role: str) -> None:
        line = self._helps[name][0]
        focus = self._fields[name].focus
        if line.property("role") != role:
            line.setProperty("role", role)
            focus.setProperty("problem", "true" if role == "problem" else "false")
            for widget in (line, focus):
                widget.style().unpolish(widget)
                widget.style().polish(widget)
        line.setText(text)
        focus.setAccessibleDescription(text)

    def _add(self, name: str, info: FieldInfo) -> None:
        field = make_field(name, info, self._on_change)
        line = self._grid.rowCount()
        title = label(spoken(name))
        title.setBuddy(field.focus)
        if not self._fields:
            self.setFocusProxy(field.focus)
        help_line = label(help_of(info), "caption", wrap=True)
        unit = label(unit_of(info), "caption")
        middle = QWidget()
        inner = QGridLayout(middle)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setHorizontalSpacing(SPACE)
        inner.addWidget(field.widget, 0, 0)
        inner.addWidget(unit, 0, 1)
        unit.setMinimumWidth(font_px("body") * 4)
        inner.setColumnStretch(0, 1)
        top = Qt.AlignmentFlag.AlignVCenter
        self._grid.addWidget(title, line, 0, top)
        self._grid.addWidget(middle, line, 1, top)
        self._grid.addWidget(help_line, line, 2, top)
        self._fields[name] = field
        self._rows[name] = (title, middle, help_line)
        self._helps[name] = (help_line, help_of(info))
        default = info.get_default(call_default_factory=True)
        if default is not None and type(default).__name__ != "PydanticUndefinedType":
            self._quiet = True
            field.write(default)
            self._quiet = False

    def _add_group(self, name: str, group: "UnionForm") -> None:
        """Put a choice between kinds in the group's own lines, its columns under the others."""
        self._groups[name] = group
        self._grid.addWidget(group, self._grid.rowCount(), 0, 1, 3)
        group.edited.connect(self._on_change)

    def _on_change(self) -> None:
        if not self._quiet:
            self._show_what_matters()
            self.edited.emit()

    def _show_what_matters(self) -> None:
        """Hide the options that have no effect beside the other values."""
        values = self.values()
        for name, row_of_widgets in self._rows.items():
            for widget in row_of_widgets:
                widget.setVisible(matters(self.kind.model_fields[name], values))


class UnionForm(QWidget):
    """A choice between kinds of options, and the fields of the chosen one."""

    edited = Signal()

    def __init__(self, kinds: list[type[Options]], tag: str, name: str, *, title: str = "", own: OwnKinds = ()) -> None:
        super().__init__()
        self._tag = tag
        self.choice = QComboBox()
        self.choice.setAccessibleName(f"{spoken(name)} {tag}")
        self.choice.setObjectName(f"{name}.{tag}")
        self._stack = QStackedWidget()
        self._forms: dict[str, OptionForm] = {}
        for kind in kinds:
            form = OptionForm(kind, without=frozenset({tag}), own=own)
            form.edited.connect(self._on_chosen)
            self._stack.addWidget(form)
            for value in tags_of(kind, tag):
                self._forms[value] = form
                self.choice.addItem(value)
                self.choice.setItemData(self.choice.count() - 1, kind.__doc__, Qt.ItemDataRole.ToolTipRole)
        self.about = label("", "caption", wrap=True)
        head = QGridLayout()
        head.setHorizontalSpacing(2 * SPACE)
        head.setColumnMinimumWidth(0, font_px("body") * 12)
        head.setColumnMinimumWidth(1, font_px("body") * 20)
        head.setColumnStretch(2, 1)
        head.addWidget(label(title or spoken(tag)), 0, 0)
        beside = row(self.choice, font_px("body") * 4)
        beside.setStretch(0, 1)
        head.addLayout(beside, 0, 1)
        head.addWidget(self.about, 0, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE // 2)
        layout.addLayout(head)
        layout.addWidget(self._stack)
        self.choice.currentTextChanged.connect(self._on_chosen)
        self._show_chosen()

    @property
    def form(self) -> OptionForm:
        """The fields of the chosen kind."""
        return self._forms[self.choice.currentText()]

    def values(self) -> dict[str, Any]:
        """Return plain values, unchecked."""
        return {self._tag: self.choice.currentText(), **self.form.values()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values without counting them as edits."""
        self.choice.blockSignals(True)
        self._offer(str(values[self._tag]))
        self.choice.setCurrentText(str(values[self._tag]))
        self.choice.blockSignals(False)
        self.form.set_values(values)
        self._show_chosen()

    def show_problem(self, name: str, text: str) -> bool:
        """Show at a field what is wrong with it; return whether there is such a field."""
        return self.form.show_problem(name, text)

    def clear_problems(self) -> None:
        """Show every field's help again."""
        self.form.clear_problems()

    def _offer(self, name: str) -> None:
        """Offer a method of one's own that is gone since the recipe was written; the check says what to do."""
        if name not in self._forms:
            self._forms[name] = OptionForm(Options)
            self._stack.addWidget(self._forms[name])
            self.choice.addItem(name)

    def _on_chosen(self) -> None:
        self._show_chosen()
        self.edited.emit()

    def _show_chosen(self) -> None:
        form = self.form
        for other in self._forms.values():
            other.setVisible(other is form)
        self._stack.setCurrentWidget(form)
        self._stack.setFixedHeight(form.sizeHint().height())
        self._stack.setVisible(bool(form.names))
        self.about.setText(form.kind.__doc__ or "")


class RecipeForm(QWidget):
    """A whole recipe, checked as one types; `checked` brings the recipe, or None and what is wrong."""

    checked = Signal(object, str)

    def __init__(self, recipe: Recipe | None = None, own: OwnMethods | None = None) -> None:
        super().__init__()
        self.recipe: Recipe | None = None
        self._own = own or OwnMethods()
        self._top = OptionForm(Recipe, without=_HIDDEN | {name for name, info in _groups()})
        self._groups: dict[str, OptionForm | UnionForm] = {}
        self._problems: dict[str, QLabel] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        layout.setSpacing(SPACE)
        self._add_section(layout, "", "Card", self._top)
        for name, info in _groups():
            self._groups[name] = group_form(name, info, self._own.kinds)
            self._add_section(layout, name, spoken(name), self._groups[name])
        layout.addStretch(1)
        for part in (self._top, *self._groups.values()):
            part.edited.connect(self.check)
        self.show_recipe(recipe or Recipe())

    def part(self, name: str) -> OptionForm | UnionForm:
        """Return a section's fields; "" is the card's own."""
        return self._groups[name] if name else self._top

    def values(self) -> dict[str, Any]:
        """Return plain values of the whole recipe, unchecked."""
        return {**self._top.values(), **{name: form.values() for name, form in self._groups.items()}}

    def show_recipe(self, recipe: Recipe) -> None:
        """Show a recipe."""
        plain = recipe.model_dump(mode="json")
        self._top.set_values(plain)
        for name, form in self._groups.items():
            form.set_values(plain[name])
        self.check()

    def check(self) -> None:
        """Check the values, and show each problem where it is."""
        self._clear()
        try:
            self.recipe = recipe_from(self.values())
            self._own.resolved(self.recipe)
        except RecipeError as error:
            self.recipe = None
            self._show_problems(error)
            self.checked.emit(None, str(error).removeprefix("recipe: "))
        else:
            self.checked.emit(self.recipe, "")

    def _clear(self) -> None:
        for part in (self._top, *self._groups.values()):
            part.clear_problems()
        for line in self._problems.values():
            line.clear()
            line.hide()

    def _show_problems(self, error: RecipeError) -> None:
        cause = error.__cause__
        for problem in cause.errors() if isinstance(cause, ValidationError) else []:
            place = tuple(str(part) for part in problem["loc"])
            text = problem["msg"].removeprefix("Value error, ")
            group = place[0] if place and place[0] in self._groups else ""
            name = place[-1] if place else ""
            if len(place) > 2 and place[-1].isdigit():
                name = place[-2]
            if not self.part(group).show_problem(name, text):
                self._problems[group].setText(text)
                self._problems[group].show()

    def _add_section(self, layout: QVBoxLayout, name: str, title: str, form: QWidget) -> None:
        problem = label("", "problem", wrap=True)
        problem.hide()
        self._problems[name] = problem
        if name:
            layout.addSpacing(SPACE)
            layout.addWidget(rule())
        layout.addWidget(label(title, "section"))
        layout.addWidget(problem)
        layout.addWidget(form)


def _is_own(values: Mapping[str, Any]) -> bool:
    """Whether plain values of a group are of a method of one's own, which may be gone."""
    return str(values.get("name", "")).startswith(OWN_PREFIX)


def is_group(info: FieldInfo) -> bool:
    """Whether an option is itself a group of options, or a choice between groups."""
    return bool(kinds_of(info))


def _groups() -> list[tuple[str, FieldInfo]]:
    return [(name, info) for name, info in Recipe.model_fields.items() if is_group(info)]


def group_form(name: str, info: FieldInfo, own: OwnKinds = ()) -> OptionForm | UnionForm:
    """Return the fields of a group of options, with one's own methods among its kinds."""
    kinds = kinds_of(info, own)
    if len(kinds) == 1:
        return OptionForm(kinds[0], own=own)
    return UnionForm(kinds, tag_of(info), name, own=own)


def _is_tag(info: FieldInfo) -> bool:
    """Whether an option only says which kind of group this is."""
    return typing.get_origin(info.annotation) is typing.Literal and _only_tags(info)


def _only_tags(info: FieldInfo) -> bool:
    return not info.description
