"""Work in slices: in order, between events, replaced by newer work, and going on after a failure."""

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from card_studio.ui.slices import Slices


def test_steps_are_taken_in_order_and_other_events_come_between(qtbot: QtBot) -> None:
    owner, order = QObject(), list[str]()
    slices = Slices(owner)

    def first() -> None:
        order.append("first")
        QTimer.singleShot(0, owner, lambda: order.append("an event"))

    slices.start([first, lambda: order.append("second"), lambda: order.append("third")])
    assert order == []
    assert slices.busy
    qtbot.waitUntil(lambda: not slices.busy)
    assert [each for each in order if each != "an event"] == ["first", "second", "third"]
    assert order.index("an event") < order.index("third")


def test_newer_steps_replace_those_that_wait_also_from_within(qtbot: QtBot) -> None:
    owner, order = QObject(), list[str]()
    slices = Slices(owner)
    slices.start([lambda: order.append("never")])
    slices.start(
        [lambda: order.append("one"), lambda: slices.start([lambda: order.append("two")]), lambda: order.append("no")]
    )
    qtbot.waitUntil(lambda: not slices.busy)
    assert order == ["one", "two"]


def test_a_step_that_fails_does_not_hold_up_the_others(qtbot: QtBot) -> None:
    owner, order = QObject(), list[str]()
    slices = Slices(owner)

    def fail() -> None:
        raise RuntimeError("a bug")

    with qtbot.captureExceptions() as caught:
        slices.start([fail, lambda: order.append("after")])
        qtbot.waitUntil(lambda: not slices.busy)
    assert order == ["after"]
    assert [kind for kind, _, _ in caught] == [RuntimeError]
