"""The window: pages by rail, keys and palette; news in a corner; the theme; closing while work goes on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from card_studio.domain.job import MakeCard
from card_studio.domain.recipe import Recipe
from card_studio.errors import UserError
from card_studio.ui import app, main_window
from card_studio.ui.bridge import Bridge
from card_studio.ui.host_line import QueueState, described
from card_studio.ui.main_window import MainWindow
from card_studio.ui.palette import CommandPalette, fuzzy_score
from card_studio.ui.rail import PLACES
from card_studio.ui.shortcuts_help import ShortcutsHelp, shortcuts
from card_studio.ui.theme import Theme

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def studio(bridge: Bridge, theme: Theme, qtbot: QtBot) -> Iterator[MainWindow]:
    """The whole window on a real, empty workspace."""
    made = MainWindow(bridge, theme)
    qtbot.addWidget(made)
    made.open_page("queue")
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    yield made
    made.close()


def test_keys_and_rail_open_pages_made_on_first_use(studio: MainWindow, qtbot: QtBot) -> None:
    assert set(studio.pages) == {"queue"}
    qtbot.keyClick(studio, Qt.Key.Key_2, CONTROL)
    assert studio.page_key == "cards"
    first = studio.findChildren(QToolButton)[0]
    assert first.accessibleName() == "Queue page"
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert studio.page_key == "queue"
    assert set(studio.pages) == {"queue", "cards"}


def test_the_first_page_comes_and_the_others_are_made_unasked(
    bridge: Bridge, theme: Theme, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_window, "_BETWEEN_PAGES_MS", 1)
    QSettings().setValue("window/page", "cards")
    made = MainWindow(bridge, theme)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    assert not made.pages
    app.open_first_page(made)
    qtbot.waitUntil(lambda: made.page_key == "cards" and "cards" in made.pages)
    focused = made.pages["cards"]
    qtbot.waitUntil(lambda: set(made.pages) == {place.key for place in PLACES}, timeout=20_000)
    assert made._stack.currentWidget() is focused
    made.close()


def test_a_page_that_was_chosen_meanwhile_stays(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    made = MainWindow(bridge, theme)
    qtbot.addWidget(made)
    made.begin("cards", lambda: None)
    made.open_page("queue")
    qtbot.waitUntil(lambda: not bridge.busy)
    qtbot.wait(20)
    assert made.page_key == "queue"
    made.close()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.key)
def test_every_page_opens_on_an_empty_workspace(studio: MainWindow, place: Any, qtbot: QtBot) -> None:
    page = studio.open_page(place.key)
    assert page.isVisible()
    qtbot.waitUntil(lambda: not studio.bridge.busy)


def test_an_unknown_page_is_a_bug(studio: MainWindow) -> None:
    with pytest.raises(KeyError):
        studio.open_page("nowhere")


def test_the_palette_does_what_is_typed(studio: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(studio, Qt.Key.Key_K, CONTROL)
    palette = studio.findChild(CommandPalette)
    assert palette is not None
    field = palette.findChild(QLineEdit)
    everything = palette.fitting()
    assert "page.cards" in everything
    assert "cards.rename" not in everything  # its page is not shown
    qtbot.keyClicks(field, "dark")
    assert palette.fitting()[0] == "theme.dark"
    with qtbot.waitSignal(palette.destroyed):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert studio.theme.dark
    assert QSettings().value("theme") == "dark"


def test_escape_leaves_the_palette(studio: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(studio, Qt.Key.Key_K, CONTROL)
    palette = studio.findChild(CommandPalette)
    with qtbot.waitSignal(palette.destroyed):
        qtbot.keyClick(palette.findChild(QLineEdit), Qt.Key.Key_Escape)
    assert studio.page_key == "queue"


def test_help_names_every_shortcut(studio: MainWindow) -> None:
    studio.open_page("cards")
    said = {text for lines in shortcuts(studio.actions_).values() for text, _keys in lines}
    with_keys = [e for e in studio.actions_.entries() if not e.action.shortcut().isEmpty()]
    assert len(with_keys) > 15
    assert {e.action.text().replace("&", "").rstrip("…") for e in with_keys} <= said


def test_no_two_usable_actions_share_keys(studio: MainWindow) -> None:
    for place in PLACES:
        studio.open_page(place.key)
        keys = [e.action.shortcut().toString() for e in studio.actions_.usable()]
        taken = [each for each in keys if each]
        assert len(taken) == len(set(taken)), f"on {place.name}: {sorted(taken)}"


def test_menus_hold_what_the_registry_holds(studio: MainWindow) -> None:
    shown = [action.text().replace("&", "") for action in studio.menuBar().actions()]
    assert shown[0] == "File"
    assert shown[-1] == "Help"
    studio._fill_menu("View")
    entries = studio.actions_.menus()["View"]
    present = [action for action in studio._menus["View"].actions() if not action.isSeparator()]
    assert present == [entry.action for entry in entries]


def test_a_failure_is_told_without_taking_the_focus(studio: MainWindow, qtbot: QtBot) -> None:
    before = QApplication.focusWidget()
    studio.bridge.failed.emit("the disk is full: free some space and try again")
    studio.bridge.failed.emit("the disk is full: free some space and try again")
    assert [toast.text for toast in studio.toasts.shown()] == ["the disk is full: free some space and try again"]
    assert studio.toasts.isVisible()
    assert QApplication.focusWidget() is before
    toast = studio.toasts.shown()[0]
    with qtbot.waitSignal(toast.destroyed):
        qtbot.mouseClick(toast.findChild(QToolButton), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not studio.toasts.isVisible())


def test_many_toasts_leave_the_newest(studio: MainWindow, qtbot: QtBot) -> None:
    for number in range(6):
        studio.say(f"news {number}")
    qtbot.waitUntil(lambda: len(studio.toasts.shown()) == 3)
    assert [toast.text for toast in studio.toasts.shown()][-1] == "news 5"


def test_the_status_line_says_that_work_goes_on(studio: MainWindow, workspace: Any, filler: Any, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: studio.host_line.text == "Nothing is running")
    workspace.submit_all([MakeCard(recipe=Recipe(seed=seed)) for seed in range(3)])
    qtbot.waitUntil(lambda: studio.host_line.text == "3 jobs waiting for a host")
    filler.ledger.register_host(1, 1.0, "testing", 2)
    filler.ledger.claim("testing")
    qtbot.waitUntil(lambda: "1 job running, 2 waiting" in studio.host_line.text)
    assert "goes on if you close this window" in studio.host_line.text


def test_idle_words(workspace: Any, filler: Any) -> None:
    filler.ledger.register_host(1, 1.0, "testing", 1)
    assert described(QueueState(host=workspace.host(), running=0, queued=0)) == "1 worker, idle"


def test_a_new_job_is_one_key_away_from_any_page(studio: MainWindow, workspace: Any, qtbot: QtBot) -> None:
    studio.open_page("cards")
    qtbot.keyClick(studio, Qt.Key.Key_N, CONTROL)
    assert studio.page_key == "queue"
    from card_studio.ui.new_job_dialog import NewJobDialog

    dialog = studio.findChild(NewJobDialog)
    qtbot.mouseClick(dialog.submit, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(workspace.jobs()) == 1)
    qtbot.waitUntil(lambda: "1 job queued" in [toast.text for toast in studio.toasts.shown()])


def test_closing_remembers_the_page(studio: MainWindow, qtbot: QtBot) -> None:
    studio.open_page("cards")
    studio.close()
    assert QSettings().value("window/page") == "cards"
    assert QSettings().value("window/geometry") is not None


def test_a_bug_in_a_slot_is_told_and_the_window_lives(
    studio: MainWindow, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    error = ValueError("beyond all reason")
    app._report(studio, ValueError, error, None)
    qtbot.waitUntil(lambda: any("beyond all reason" in toast.text for toast in studio.toasts.shown()))
    assert "a bug in the window" in caplog.text


def test_without_a_display_it_says_so_before_qt_aborts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(UserError, match="card-studio tour --out DIR"):
        app.run_window(None)


def test_the_window_imports_neither_torch_nor_what_is_slow_to_start() -> None:
    code = (
        "import sys, importlib\n"
        "from card_studio.ui import app, grab, rail\n"
        "for place in rail.PLACES: importlib.import_module(place.module)\n"
        "import card_studio.studio.workspace\n"
        "application = app.make_application(['card-studio'], remembered=False)\n"
        "rail.Rail(app.Theme())\n"
        "bad = {'torch', 'torchvision', 'matplotlib', 'qtpy'} & set(sys.modules)\n"
        "sys.exit(f'imported {bad}' if bad else 0)"
    )
    headless = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], env=headless, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("nj", "New job Jobs", "Robustness page"),
        ("theme", "Dark theme View", "Take off the list"),
        ("dark", "Dark theme", "Card back"),
    ],
)
def test_fuzzy_search_prefers_word_starts(query: str, better: str, worse: str) -> None:
    good, bad = fuzzy_score(query, better), fuzzy_score(query, worse)
    assert good is not None
    assert bad is None or good > bad


def test_fuzzy_search_refuses_what_does_not_occur() -> None:
    assert fuzzy_score("xyz", "New job") is None
    assert fuzzy_score("", "New job") is not None


def test_a_change_of_theme_dresses_what_is_seen_first_and_each_hidden_page_in_a_turn_of_its_own(
    studio: MainWindow, qtbot: QtBot, qapp: QApplication
) -> None:
    for key in ("cards", "gallery", "queue"):
        studio.open_page(key)
    shown, hidden = studio.pages["queue"], [studio.pages["cards"], studio.pages["gallery"]]
    before = shown.styleSheet()
    studio.theme.apply(qapp, "dark")
    assert not studio.updatesEnabled()  # nothing half dressed is painted
    turns = []
    while any(page.styleSheet() == before for page in (shown, *hidden)):
        qapp.processEvents()
        turns.append([page.styleSheet() != before for page in (shown, *hidden)])
        assert len(turns) < 1_000
    assert [True, False, False] in turns
    assert [True, True, False] in turns
    assert studio.updatesEnabled()
    opened = studio.open_page("sensitivity")
    assert opened.styleSheet() == shown.styleSheet() != before


def test_dialogs_and_menus_wear_the_sheet(studio: MainWindow) -> None:
    studio.actions_.action("help.keys").trigger()
    dialog = studio.findChild(ShortcutsHelp)
    assert dialog.styleSheet() == studio.pages["queue"].styleSheet()
    assert studio.pages["queue"].new_job().parent() is studio.pages["queue"]
    assert all(menu.parent() is studio.menuBar() for menu in studio._menus.values())
