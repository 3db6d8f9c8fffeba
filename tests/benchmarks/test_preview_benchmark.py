"""From the drop of a photo to what is painted: the gate's choice, and what a warm deck of six small cards says of it.

Stated goals: 50 ms and 150 ms, also while two jobs train. The window is a real one, offscreen; so are dealer and jobs.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QUrl
from PySide6.QtWidgets import QApplication, QWidget
from pytest_benchmark.fixture import BenchmarkFixture
from pytestqt.qtbot import QtBot

from card_studio.domain.recipe import recipe_from
from card_studio.pictures import encode_png
from card_studio.studio.workspace import Workspace
from card_studio.ui.app import make_window
from card_studio.ui.deck_page import DeckPage
from card_studio.ui.main_window import MainWindow
from tests.processes import end_processes_of, processes_of, wait_until
from tests.ui.deck.filling import HANDS, make_card_files, opened
from tests.ui.deck.images import natural, noisy
from tests.ui.deck.playing import drop

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]
ROUNDS = 20
LONG = {
    "name": "long",
    "data": {"name": "shapes", "train_images": 5_000},
    "network": {"name": "resnet20"},
    "training": {"epochs": 1_000},
}


class Paints(QObject):
    """Whether a widget was painted since something was so."""

    def __init__(self, widget: QWidget, since: Callable[[], bool]) -> None:
        super().__init__(widget)
        self._since = since
        self.seen = False
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take note, and let the event pass."""
        self.seen = self.seen or (event.type() == QEvent.Type.Paint and self._since())
        return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a deck of six ResNet-20s in three suits, each with 2,000 references."""
    path = tmp_path_factory.mktemp("preview")
    files = make_card_files(tmp_path_factory.mktemp("cards"), len(HANDS), "resnet20", 1.0)
    with opened(path / "workspace", files) as filled:
        filled.deal_all(references=2_000)
        filled.workspace.deal("six", filled.cards)
    return path


@pytest.fixture
def working_folder(folder: Path) -> Iterator[Path]:
    """The same, whose processes end with the test."""
    yield folder
    end_processes_of(folder)


@pytest.fixture(params=[0, 2], ids=["alone", "while two jobs train"])
def page(
    working_folder: Path,
    request: pytest.FixtureRequest,
    qapp: QApplication,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[DeckPage]:
    """The Deck page with that deck on its table and its dealer warm."""
    monkeypatch.setenv("CARD_STUDIO_THREADS", "1")
    monkeypatch.setenv("CARD_STUDIO_WORKERS", "2")
    workspace = Workspace(working_folder / "workspace")
    if request.param:
        if not workspace.jobs():
            workspace.submit(recipe_from(LONG), replicates=request.param)
        workspace.ensure_host()
        wait_until(lambda: len(processes_of(working_folder, "studio.worker")) == request.param, 60)
        wait_until(lambda: all(workspace.history(job.id).steps for job in workspace.jobs()), 120)
    window: MainWindow = make_window(qapp, workspace, theme="light")
    qtbot.addWidget(window)
    window.show_deck("six")
    window.show()
    made = window.open_page("deck")
    assert isinstance(made, DeckPage)
    made.show_images([photo(working_folder, 0)])
    qtbot.waitUntil(lambda: bool(made.oracle.answers) and made.settled, timeout=60_000)
    yield made
    window.close()
    workspace.close()


def photo(folder: Path, number: int) -> Path:
    """Write a photo of 640 x 480 pixels; every other one is noisy, so that the choice changes."""
    image = noisy(natural(1, 100 + number), 30.0 * (number % 2))[0]
    path = folder / f"{number}.png"
    path.write_bytes(encode_png(image.repeat(15, axis=1).repeat(20, axis=2)))
    return path


@pytest.mark.parametrize("what", ["choice", "probabilities"])
def test_from_the_drop_to_what_is_painted(
    page: DeckPage, folder: Path, benchmark: BenchmarkFixture, qtbot: QtBot, what: str
) -> None:
    numbers = itertools.count(1)
    name = ""

    def answered() -> bool:
        predictions = page.oracle.predictions
        here = bool(predictions) and predictions[0].source == name
        return here and (what == "choice" or predictions[0].probabilities is not None)

    preview = page.preview
    watched = preview._bars if what == "choice" else preview.answers.table.viewport()
    paints = Paints(watched, answered)

    def prepare() -> tuple[tuple[QMimeData], dict[str, object]]:
        nonlocal name
        qtbot.waitUntil(lambda: page.settled, timeout=20_000)
        path = photo(folder, next(numbers))
        name, paints.seen = path.name, False
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        return (mime,), {}

    def dropped(mime: QMimeData) -> None:
        drop(preview, mime, QPoint(100, 300))
        while not paints.seen:
            qtbot.wait(1)

    benchmark.pedantic(dropped, setup=prepare, rounds=ROUNDS)
