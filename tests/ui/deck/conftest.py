"""A real workspace with cards of three suits, filled through the store: files, answers, maps, references, distances."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from card_studio.domain.ids import CardId
from card_studio.pictures import encode_png
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.deck_page import DeckPage
from card_studio.ui.theme import Theme
from tests.ui.deck.filling import HANDS, Dealt, make_card_files, opened
from tests.ui.deck.images import natural, noisy
from tests.ui.deck.playing import Played, drag_over, drop


@pytest.fixture(scope="session")
def card_files(tmp_path_factory: pytest.TempPathFactory) -> dict[CardId, Path]:
    """Real files of small, untrained cards, made in a child so that this process stays without torch."""
    return make_card_files(tmp_path_factory.mktemp("cards"), len(HANDS))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, card_files: dict[CardId, Path]) -> tuple[Path, list[CardId]]:
    """A full workspace to be copied: filling one for each test would take a while."""
    folder = tmp_path_factory.mktemp("template") / "workspace"
    with opened(folder, card_files) as filled:
        filled.deal_all()
        return folder, list(filled.cards)


@pytest.fixture
def dealt(
    tmp_path: Path, card_files: dict[CardId, Path], template: tuple[Path, list[CardId]], request: pytest.FixtureRequest
) -> Iterator[Dealt]:
    """A workspace and the means to fill it: empty, unless the test asks for `full`."""
    folder = tmp_path / "workspace"
    if "full" in request.fixturenames:
        shutil.copytree(template[0], folder)
    with opened(folder, card_files) as filled:
        if "full" in request.fixturenames:
            filled.cards.extend(template[1])
        yield filled


@pytest.fixture
def full(dealt: Dealt) -> Dealt:
    """A workspace with six cards of three suits, evaluated and mapped, and a gate."""
    return dealt


@pytest.fixture
def bridge(qapp: QApplication, dealt: Dealt) -> Iterator[Bridge]:
    """A bridge to that workspace."""
    made = Bridge(dealt.workspace)
    yield made
    made.close()


@pytest.fixture
def play(
    bridge: Bridge, dealt: Dealt, theme: Theme, window: QMainWindow, actions: ActionRegistry, qtbot: QtBot
) -> Callable[[], Played]:
    """Give a function that shows the page."""

    def start() -> Played:
        page = DeckPage(bridge, theme, actions)
        said: list[str] = []
        page.said.connect(said.append)
        bridge.changed.connect(page.refresh)
        window.setCentralWidget(page)
        window.resize(1400, 900)
        window.show()
        qtbot.waitExposed(window)
        page.refresh()
        played = Played(page, dealt, bridge, qtbot, said)
        played.settle()
        actions.refresh()
        return played

    return start


@pytest.fixture(name="drag_over")
def _drag_over() -> Callable[[QWidget, QMimeData, QPoint], bool]:
    """Give `drag_over`."""
    return drag_over


@pytest.fixture(name="drop")
def _drop() -> Callable[[QWidget, QMimeData, QPoint], bool]:
    """Give `drop`."""
    return drop


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a natural picture, with noise if asked, as a PNG file."""

    def write(name: str = "photo.png", *, noise: float = 0.0, seed: int = 9) -> Path:
        image = natural(1, seed)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(noisy(image, noise)[0] if noise else image[0]))
        return path

    return write
