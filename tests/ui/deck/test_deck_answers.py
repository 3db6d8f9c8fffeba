"""Someone waits for the cards' answers: a real dealer warms up, then tells every card's class probabilities."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence

from card_studio.domain.names import CorruptionName
from card_studio.studio.examples import example_extension
from card_studio.ui.deck_corruption import flips


@pytest.mark.timeout(120)
def test_probabilities_follow_the_choice_and_the_slider_shows_flips(full, play, picture):
    full.workspace.deal("mine", [full.cards[0], full.cards[2], full.cards[4]])
    played = play()
    page, preview = played.page, played.page.preview
    page.show_images([picture("photo.png")])
    played.qtbot.waitUntil(lambda: bool(page.oracle.predictions))
    assert preview.answers.words.text() == "Warming up…"
    assert preview.answers.table.isHidden()
    played.qtbot.waitUntil(lambda: bool(page.oracle.answers), timeout=60_000)
    (one,) = page.oracle.answers
    assert one.card_probabilities.shape == (3, 10)
    model = preview.answers.model
    assert (model.rowCount(), model.columnCount()) == (10, 5)
    deck = [float(model.index(row, 1).data()) for row in range(10)]
    assert deck == sorted(deck, reverse=True)
    assert sum(deck) == pytest.approx(100, abs=0.6)
    owner = one.suits.index(one.chosen)  # one card of each suit: the chosen card's answer is the deck's
    assert one.probabilities == pytest.approx(one.card_probabilities[owner], abs=1e-6)
    assert preview.answers.words.text().startswith(one.classes[int(np.argmax(one.probabilities))])
    played.qtbot.keyClick(preview.answers.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied[0].split("\t")[:2] == ["class", "the deck"]
    assert len(copied) == 11
    assert QKeySequence(QKeySequence.StandardKey.Copy).toString() == "Ctrl+C"
    _corrupt(played)


def _corrupt(played):
    page, bar = played.page, played.page.preview._corruption
    offered = bar.names.count()
    _corrupt_by_ones_own(played)
    assert bar.names.count() == offered
    page.oracle.set_corruption(CorruptionName.GAUSSIAN_NOISE)
    played.qtbot.waitUntil(lambda: len(page.oracle.choices(0)) == 6, timeout=60_000)
    choices = page.oracle.choices(0)
    assert choices[0] != "gaussian"
    assert choices[5] == "gaussian"
    flip = next(level for level in range(6) if choices[level] == "gaussian")
    assert f"to gaussian at severity {flip}" in bar._flips.text()
    bar.slider.setValue(5)
    assert page.oracle.severity == 5
    assert page.oracle.predictions[0].chosen == "gaussian"
    assert [item.face.suit for item in page.pane.table._items if item.chosen] == ["gaussian"]
    assert not np.array_equal(page.oracle.predictions[0].image, page.oracle.read.images[0])
    bar.names.setCurrentIndex(0)
    bar.names.activated.emit(0)
    assert page.oracle.severity == 0
    assert page.oracle.predictions[0].chosen == choices[0]
    played.settle()


def _corrupt_by_ones_own(played):
    page, bar, workspace = played.page, played.page.preview._corruption, played.dealt.workspace
    workspace.add_extension(example_extension())
    page.refresh()
    played.qtbot.waitUntil(lambda: bar.names.itemText(bar.names.count() - 1) == "own: posterise bars")
    bar.names.setCurrentIndex(bar.names.count() - 1)
    bar.names.activated.emit(bar.names.count() - 1)
    assert page.oracle.corruption == "own.posterise_bars"
    played.qtbot.waitUntil(lambda: len(page.oracle.choices(0)) == 6, timeout=60_000)
    bar.slider.setValue(5)
    played.settle()
    shown, plain = page.oracle.predictions[0].image, page.oracle.read.images[0]
    differs = (shown != plain).any(axis=(0, 1))
    assert differs.any()
    assert set(np.unique(shown[:, :, differs])) <= {0, 128}  # two grey levels are left in the bars
    assert ", own: posterise bars 5" in page.preview._image_words.text()
    workspace.remove_extension("example.py")
    page.refresh()
    played.qtbot.waitUntil(lambda: page.oracle.corruption is None)
    played.settle()


def test_flips_are_told_in_words():
    assert flips(["clean"] * 6) == "The choice stays clean."
    assert flips(["clean", "clean", "gaussian", "gaussian", "augmix", "augmix"]) == (
        "The choice flips to gaussian at severity 2, to augmix at severity 4."
    )


def test_a_dealer_that_cannot_start_says_why(full, play, picture):
    stranger = full.add_card(8, file=False)
    full.workspace.deal("mine", [full.cards[0], stranger])
    played = play()
    played.page.show_images([picture("photo.png")])
    played.qtbot.waitUntil(lambda: "missing from the workspace" in played.page.preview._problem.text(), timeout=10_000)
    assert played.page.oracle.predictions
    assert played.page.preview.answers.words.text() == "No answer"
