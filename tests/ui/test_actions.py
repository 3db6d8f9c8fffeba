"""The action registry: shortcuts work, pages keep theirs to themselves, menus and palette list the same things."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from card_studio.ui.actions import ActionRegistry, plain_text


def _show(window: QMainWindow, qtbot: QtBot) -> None:
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()


def test_a_shortcut_does_what_the_action_does(actions: ActionRegistry, window: QMainWindow, qtbot: QtBot) -> None:
    done: list[str] = []
    actions.add("jobs.new", "&New job…", "Ctrl+N", lambda: done.append("new"), menu="Jobs")
    _show(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert done == ["new"]


def test_two_pages_may_use_the_same_keys(actions: ActionRegistry, window: QMainWindow, qtbot: QtBot) -> None:
    done: list[str] = []
    stack = QStackedWidget()
    pages = [QWidget(), QWidget()]
    for page in pages:
        stack.addWidget(page)
    window.setCentralWidget(stack)
    actions.add("first.undo", "Undo", "Ctrl+Z", lambda: done.append("first"), menu="Edit", scope=pages[0])
    actions.add("second.undo", "Undo", "Ctrl+Z", lambda: done.append("second"), menu="Edit", scope=pages[1])
    _show(window, qtbot)
    for index in (0, 1):
        stack.setCurrentIndex(index)
        actions.refresh()
        qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert done == ["first", "second"]
    assert [entry.id for entry in actions.usable()] == ["second.undo"]


def test_what_cannot_be_done_now_is_disabled(actions: ActionRegistry) -> None:
    chosen: list[int] = []
    action = actions.add("queue.pause", "Pause", "", lambda: None, menu="Jobs", enabled=lambda: bool(chosen))
    assert not action.isEnabled()
    chosen.append(1)
    actions.refresh()
    assert action.isEnabled()


def test_menus_keep_the_order_and_leave_out_what_has_none(actions: ActionRegistry) -> None:
    actions.add("a", "A", "", lambda: None, menu="File")
    actions.add("b", "B", "", lambda: None, menu="View")
    actions.add("c", "C", "", lambda: None, menu="File")
    actions.add("d", "D", "", lambda: None, menu="")
    assert {menu: [entry.id for entry in found] for menu, found in actions.menus().items()} == {
        "File": ["a", "c"],
        "View": ["b"],
    }


def test_an_id_is_used_once_unless_its_page_is_gone(actions: ActionRegistry, window: QMainWindow, qtbot: QtBot) -> None:
    page = QWidget(window)
    actions.add("deck.undo", "Undo", "", lambda: None, menu="Edit", scope=page)
    with pytest.raises(ValueError, match=r"deck\.undo"):
        actions.add("deck.undo", "Undo", "", lambda: None, menu="Edit")
    with qtbot.waitSignal(page.destroyed):
        page.deleteLater()
    assert actions.entries() == []
    actions.add("deck.undo", "Undo", "", lambda: None, menu="Edit")


def test_plain_text_keeps_a_real_ampersand(actions: ActionRegistry) -> None:
    assert plain_text(actions.add("x", "&Cut && paste…", "", lambda: None, menu="")) == "Cut & paste"
