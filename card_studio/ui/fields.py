"""One field of a form per option: what it edits follows from the option's type, range, unit and help."""

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from card_studio.domain.declaration import choices_of, range_of
from card_studio.ui.pieces import row
from card_studio.ui.words import spoken

_LONG_TEXT = 1_000
"""A text that may be longer than this gets several lines."""
_FIELD_WIDTH = 190


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A widget that edits one option."""

    widget: QWidget
    read: Callable[[], Any]
    """Returns a plain value, as TOML would give it; what cannot be read is left to validation to refuse."""
    write: Callable[[Any], None]
    focus: QWidget
    """The part that takes the keyboard."""


def make_field(name: str, info: FieldInfo, on_change: Callable[[], None]) -> Field:
    """Return the field of an option.

    Args:
        name: the option's name.
        info: pydantic's knowledge of it.
        on_change: called after every edit by the user.
    """
    kind = _without_none(info.annotation)
    choices = choices_of(kind)
    if choices:
        field = _choice_field(choices, on_change)
    elif kind is bool:
        field = _switch_field(on_change)
    elif kind is Path:
        field = _path_field(on_change)
    elif kind is str and _most_letters(info) > _LONG_TEXT:
        field = _lines_field(on_change)
    else:
        field = _text_field(on_change, several=typing.get_origin(kind) is tuple, number=kind in (int, float))
    field.focus.setObjectName(name)
    field.focus.setAccessibleName(spoken(name))
    field.focus.setAccessibleDescription(help_of(info))
    field.focus.setToolTip(help_of(info))
    return field


def help_of(info: FieldInfo) -> str:
    """Return an option's explanation, with its range."""
    said = range_of(info)
    return " ".join(part for part in (info.description or "", f"({said})" if said else "") if part)


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kinds = [each for each in typing.get_args(kind) if each is not type(None)]
        return kinds[0] if len(kinds) == 1 else kind
    return kind


def _most_letters(info: FieldInfo) -> int:
    return max((int(rule.max_length) for rule in info.metadata if hasattr(rule, "max_length")), default=0)


def _choice_field(choices: list[str], on_change: Callable[[], None]) -> Field:
    box = QComboBox()
    box.addItems(choices)
    box.setMinimumWidth(_FIELD_WIDTH)
    box.currentIndexChanged.connect(lambda _index: on_change())

    def write(value: Any) -> None:
        if box.findText(str(value)) < 0:  # it is no choice any more: show it, so that the check can say so
            box.addItem(str(value))
        box.setCurrentText(str(value))

    return Field(widget=box, read=box.currentText, write=write, focus=box)


def _switch_field(on_change: Callable[[], None]) -> Field:
    box = QCheckBox()
    box.toggled.connect(lambda _on: on_change())
    return Field(widget=box, read=box.isChecked, write=lambda value: box.setChecked(bool(value)), focus=box)


def _text_field(on_change: Callable[[], None], *, several: bool, number: bool) -> Field:
    line = QLineEdit()
    line.setMinimumWidth(_FIELD_WIDTH)
    if number:
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
    line.textChanged.connect(lambda _text: on_change())

    def read() -> Any:
        return [part.strip() for part in line.text().split(",") if part.strip()] if several else line.text().strip()

    def write(value: Any) -> None:
        line.setText(", ".join(map(_plain, value)) if several else _plain(value))
        line.setCursorPosition(0)

    return Field(widget=line, read=read, write=write, focus=line)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _lines_field(on_change: Callable[[], None]) -> Field:
    box = QPlainTextEdit()
    box.setTabChangesFocus(True)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    box.setFixedHeight(box.fontMetrics().lineSpacing() * 3 + 14)
    box.textChanged.connect(on_change)
    return Field(widget=box, read=box.toPlainText, write=lambda value: box.setPlainText(str(value)), focus=box)


def _path_field(on_change: Callable[[], None]) -> Field:
    line = QLineEdit()
    line.setMinimumWidth(_FIELD_WIDTH)
    line.textChanged.connect(lambda _text: on_change())
    browse = QPushButton("Browse…")
    browse.setAccessibleName("Browse for the path")
    browse.setAutoDefault(False)  # or Enter in a field would open it
    menu = QMenu(browse)
    menu.addAction("Folder…", lambda: _browse(line, folder=True))
    menu.addAction("File…", lambda: _browse(line, folder=False))
    browse.setMenu(menu)
    widget = QWidget()
    widget.setLayout(row(line, browse))
    return Field(
        widget=widget,
        read=lambda: line.text().strip() or None,
        write=lambda value: line.setText("" if value is None else str(value)),
        focus=line,
    )


def _browse(line: QLineEdit, *, folder: bool) -> None:
    dialog = QFileDialog(line.window(), "Choose", line.text())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(line.setText)
    dialog.open()
