"""Someone edits a deck, or its dealer dies, while a picture is looked at: the cards answer again by themselves."""

from pathlib import Path

import psutil
import pytest

from card_studio.domain.prediction import Prediction
from card_studio.pictures import encode_png
from card_studio.ui.deck_mime import Pictures
from tests.ui.deck.images import natural


def ask(played, path: Path) -> Prediction:
    """Show a picture; return the cards' answer, which may take until the dealer is warm."""
    played.page.show_images([path])
    played.qtbot.waitUntil(lambda: [each.source for each in played.page.oracle.answers] == [path.name], timeout=60_000)
    return played.page.oracle.answers[0]


@pytest.mark.timeout(240)
def test_one_dealer_serves_every_edit_and_another_is_started_when_it_dies(full, play, picture):
    cards = [full.cards[0], full.cards[2], full.cards[4]]
    full.workspace.deal("mine", cards)
    played = play()
    oracle, document = played.page.oracle, played.page.pane.document
    before = ask(played, picture("first.png"))
    process = psutil.Process(full.workspace.dealer()._process.pid)

    document.move((0,), 3, title="the first card")
    played.qtbot.waitUntil(lambda: bool(oracle.answers) and oracle.answers[0].cards == (*cards[1:], cards[0]))
    assert oracle.answers[0].card_probabilities == pytest.approx(before.card_probabilities[[1, 2, 0]], abs=1e-6)
    document.insert([full.cards[1]], title="another card")
    played.qtbot.waitUntil(lambda: bool(oracle.answers) and len(oracle.answers[0].cards) == 4, timeout=20_000)
    assert full.workspace.dealer()._process.pid == process.pid

    process.kill()
    process.wait(10)
    after = ask(played, picture("second.png", seed=4))
    assert full.workspace.dealer()._process.pid != process.pid
    assert len(after.cards) == 4
    assert played.page.preview._problem.text() == ""
    assert not oracle.trouble


@pytest.mark.timeout(240)
def test_a_dealer_killed_while_it_is_asked_is_started_anew_and_one_that_always_dies_is_told(
    full, play, picture, monkeypatch
):
    full.workspace.deal("mine", [full.cards[0], full.cards[2]])
    played = play()
    page, preview = played.page, played.page.preview
    ask(played, picture("first.png"))
    process = psutil.Process(full.workspace.dealer()._process.pid)
    process.suspend()  # so that the question is under way when it dies
    page.show_images([picture("second.png", seed=4)])
    played.qtbot.waitUntil(lambda: bool(page.oracle.predictions) and page.oracle.predictions[0].source == "second.png")
    process.kill()
    played.qtbot.waitUntil(lambda: bool(page.oracle.answers), timeout=60_000)

    monkeypatch.setattr("card_studio.studio.dealing._THREADS", "none")  # it ends as soon as it reads this
    psutil.Process(full.workspace.dealer()._process.pid).kill()
    page.show_images([picture("third.png", seed=5)])
    played.qtbot.waitUntil(lambda: bool(page.oracle.trouble), timeout=60_000)
    assert page.oracle.predictions[0].source == "third.png"  # the gate has chosen all the same
    assert preview.answers.words.text() == "No answer"
    assert "dealer.log" in preview.answers.note.text().replace("\u200b", "")
    assert not preview.answers.again.isHidden()
    monkeypatch.undo()
    preview.answers.again.click()
    assert preview.answers.words.text() == "Warming up…"
    played.qtbot.waitUntil(lambda: bool(page.oracle.answers), timeout=60_000)
    assert preview.answers.again.isHidden()


def test_a_drag_over_the_preview_warms_the_dealer_up(full, play, drag_over, picture):
    from PySide6.QtCore import QMimeData, QPoint, QUrl

    full.workspace.deal("mine", [full.cards[0]])
    played = play()
    assert full.workspace._dealer is None
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(picture()))])
    drag_over(played.page.preview, mime, QPoint(100, 300))
    played.qtbot.waitUntil(lambda: full.workspace._dealer is not None)
    assert not played.page.oracle.asking


def test_pictures_of_another_size_are_brought_to_the_decks(full, play, tmp_path):
    full.workspace.deal("mine", [full.cards[0], full.cards[2]])
    played = play()
    large = tmp_path / "large.png"
    large.write_bytes(encode_png(natural(1, 3)[0].repeat(8, axis=1).repeat(9, axis=2)))
    played.page.preview.take(Pictures(sources=(large,)))
    played.qtbot.waitUntil(lambda: bool(played.page.oracle.predictions))
    assert played.page.oracle.predictions[0].image.shape == (3, 32, 32)
