"""The bridge: answers come in the window's thread, in order, and never to someone who is gone."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from card_studio.errors import UserError
from card_studio.ui.bridge import Bridge


@pytest.fixture
def counter() -> Any:
    """What the bridge needs of a workspace: a version."""
    state = SimpleNamespace(number=1)
    state.version = lambda: state.number
    return state


@pytest.fixture
def bridge(qapp: QApplication, counter: Any) -> Iterator[Bridge]:
    made = Bridge(counter)
    yield made
    made.close()


def test_work_is_done_in_a_thread_and_answered_in_the_windows(bridge: Bridge, qtbot: QtBot) -> None:
    answers: list[tuple[int, bool]] = []
    window_thread = threading.get_ident()
    bridge.ask(threading.get_ident, lambda worker: answers.append((worker, QThread.isMainThread())), owner=bridge)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0][0] != window_thread
    assert answers[0][1]


def test_a_users_error_becomes_one_line(bridge: Bridge, qtbot: QtBot) -> None:
    def fail() -> None:
        raise UserError("no such card: 12ab")

    with qtbot.waitSignal(bridge.failed) as caught:
        bridge.ask(fail, lambda _none: None, owner=bridge)
    assert caught.args == ["no such card: 12ab"]
    lines: list[str] = []
    bridge.ask(fail, lambda _none: None, owner=bridge, failed=lines.append)
    qtbot.waitUntil(lambda: lines == ["no such card: 12ab"])


def test_a_bug_is_logged_and_told(bridge: Bridge, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    with qtbot.waitSignal(bridge.failed) as caught:
        bridge.ask(lambda: 1 // 0, lambda _number: None, owner=bridge)
    assert "ZeroDivisionError" in str(caught.args)
    assert "Traceback" in caplog.text


def test_nobody_is_answered_who_is_gone(bridge: Bridge, qtbot: QtBot) -> None:
    owner, gate, answers = QObject(), threading.Event(), []
    bridge.ask(lambda: gate.wait(5), answers.append, owner=owner)
    owner.deleteLater()
    QApplication.sendPostedEvents(owner, 0)
    gate.set()
    qtbot.waitUntil(lambda: not bridge.busy)
    qtbot.wait(20)
    assert answers == []


def test_a_newer_question_replaces_an_older_one(bridge: Bridge, qtbot: QtBot) -> None:
    answers: list[int] = []

    def slow(number: int) -> int:
        time.sleep(0.05 if number == 0 else 0)
        return number

    for number in range(20):
        bridge.ask(lambda n=number: slow(n), answers.append, owner=bridge, key="rows")
    qtbot.waitUntil(lambda: not bridge.busy)
    qtbot.waitUntil(lambda: 19 in answers)
    assert answers == [19]


def test_change_is_noticed_within_a_second(bridge: Bridge, counter: Any, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not bridge.busy)
    qtbot.wait(20)
    with qtbot.waitSignal(bridge.changed, timeout=1000):
        counter.number += 1
    with qtbot.assertNotEmitted(bridge.changed, wait=900):
        pass


def test_closing_waits_for_requests_and_drops_answers(qapp: QApplication, counter: Any, qtbot: QtBot) -> None:
    bridge, done, answers = Bridge(counter), [], []

    def request() -> None:
        time.sleep(0.1)
        done.append("submitted")

    bridge.ask(request, answers.append, owner=bridge)
    bridge.close()
    assert done == ["submitted"]
    qtbot.wait(20)
    assert answers == []
    bridge.ask(request, answers.append, owner=bridge)
    assert not bridge.busy
