"""Someone watches the score: it follows every edit, says what it means, and offers to queue what is missing."""

from PySide6.QtCore import QPoint, Qt

from card_studio.domain.deck import DeckMode
from card_studio.domain.job import EvaluateCards, MapCards, PrepareGate


def _values(played):
    return {name: label.text() for name, label in played.page.pane.score._values.items()}


def test_the_score_follows_each_edit(full, play):
    deck = full.workspace.deal("mine", full.cards[:3])
    played = play()
    page = played.page
    first = full.workspace.score(deck)
    assert _values(played)["Robust %"] == f"{100 * first.robust:.1f}"
    assert "not the standard 15" in page.pane.score._definition.text()
    assert "(unreachable)" in page.pane.score._bounds.text()
    page.add_cards([full.cards[4]])
    played.settle()
    second = full.workspace.score(played.stored())
    assert _values(played)["Robust %"] == f"{100 * second.robust:.1f}"
    assert _values(played)["Memory"] == "1.8 MB"
    assert str(second.m) in page.pane.score._definition.text()
    page.pane.document.set_mode(DeckMode.DOMAIN_AGNOSTIC)
    played.settle()
    assert _values(played)["Robust %"] == f"{100 * second.agnostic_robust:.1f}"
    assert page.pane.score._definition.text().startswith("Averaged, ")


def test_what_is_missing_is_said_and_queued_by_one_click(dealt, play):
    for number in (0, 2):
        dealt.add_card(number)
    dealt.evaluate(dealt.cards[0], 0.9)
    deck = dealt.workspace.deal("mine", dealt.cards)
    dealt.workspace.cancel([job.id for job in dealt.workspace.jobs()])  # what dealing itself queued
    played = play()
    score = played.page.pane.score
    played.qtbot.waitUntil(lambda: "1 card is not evaluated yet" in score._lacking.text())
    assert "the gate has no references for clean, gaussian yet" in score._lacking.text()
    assert not score._queue.isHidden()
    played.qtbot.mouseClick(score._queue, Qt.MouseButton.LeftButton)
    played.qtbot.waitUntil(lambda: "2 jobs are in the queue" in score._lacking.text())
    assert score._queue.isHidden()
    waiting = [job.spec for job in dealt.workspace.jobs() if not job.state.ended]
    assert [type(spec) for spec in waiting] == [EvaluateCards, PrepareGate]
    assert set(waiting) == set(dealt.workspace.missing(deck))
    dealt.evaluate(dealt.cards[1], 0.8)
    dealt.prepare_gate()
    played.qtbot.waitUntil(lambda: played.page.pane.judgement.score is not None, timeout=10_000)


def test_a_card_that_is_not_measured_is_queued_by_a_click_on_it(dealt, play):
    dealt.add_card(0)
    dealt.evaluate(dealt.cards[0], 0.9)
    dealt.map(dealt.cards[0])
    silent = dealt.add_card(2)
    dealt.workspace.deal("mine", [silent])
    dealt.workspace.cancel([job.id for job in dealt.workspace.jobs()])
    played = play()
    table = played.page.pane.table
    item = table._items[0]
    from card_studio.ui.card_paint import action_rect

    spot = table.mapFromScene(item.mapToScene(action_rect(item.face, item.size).center()))
    played.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    played.qtbot.waitUntil(lambda: table._items[0].face.queued, timeout=10_000)
    specs = [job.spec for job in dealt.workspace.jobs() if not job.state.ended]
    evaluate = next(spec for spec in specs if isinstance(spec, EvaluateCards))
    assert evaluate.cards == (silent,)
    assert evaluate.suite == dealt.workspace.evaluations()[0].suite  # as the others, to be scored with them
    assert any(isinstance(spec, MapCards) and spec.cards == (silent,) for spec in specs)
    assert any(text.startswith("Queued 2 jobs") for text in played.said)


def test_the_matrix_shows_where_the_gate_sends_images(full, play):
    full.workspace.deal("mine", [full.cards[0], full.cards[2], full.cards[4]])
    played = play()
    pane = played.page.pane
    assert pane.drawer.isHidden()
    pane.score.matrix_button.click()
    assert not pane.drawer.isHidden()
    words = pane.drawer.matrix.accessibleDescription()
    assert "gaussian noise severity 5: clean 0.0 %, gaussian 100.0 %" in words
    cell = pane.judgement.score.cells[-1]
    assert pane.drawer.matrix._at(pane.drawer.matrix._cell_rect(3, cell).center()).startswith("contrast severity 5")
    assert pane.drawer.matrix._at(QPoint(0, 0).toPointF()) == ""


def test_the_figures_are_read_corruption_by_corruption(full, play):
    deck = full.workspace.deal("mine", [full.cards[0], full.cards[2], full.cards[4]])
    played = play()
    pane = played.page.pane
    score = full.workspace.score(deck)
    pane.score.table_button.click()
    assert not pane.drawer.isHidden()
    table = pane.drawer.table
    assert pane.drawer.currentWidget().isAncestorOf(table)
    rows = [[table.model_.sheet.written(row, column) for column in range(9)] for row in range(5)]
    assert [row[0] for row in rows] == [
        "clean images",
        "gaussian noise",
        "defocus blur",
        "contrast",
        "mean of the corrupted",
    ]
    noise = score.corruptions[1]
    assert rows[1][1:4] == [f"{100 * noise.accuracy:.1f}", f"{100 * noise.agnostic:.1f}", _signed(noise.gain)]
    assert rows[4][3:6] == [_signed(score.gain), *map(_signed, score.gain_interval)]
    assert rows[4][6:] == [
        f"{100 * each:.1f}" for each in (score.best_suit_robust, score.best_card_robust, score.any_card_robust)
    ]
    assert "each row by itself" in pane.drawer.corruptions.caption.text()
    pane.score.matrix_button.click()  # the other is closed
    assert not pane.score.table_button.isChecked()
    pane.drawer.choices.read_as_table(True)
    sheet = pane.drawer.choices.table.model_.sheet
    assert len(sheet.rows) == len(score.cells)
    assert sheet.rows[3][2:5] == tuple(100 * share for share in score.cells[3].chosen)
    pane.score.matrix_button.click()
    assert pane.drawer.isHidden()


def test_the_table_of_corruptions_follows_each_edit(full, play):
    full.workspace.deal("mine", full.cards[:3])
    played = play()
    pane = played.page.pane
    pane.score.table_button.click()
    before = pane.drawer.table.model_.sheet.rows
    played.page.add_cards([full.cards[4]])
    played.settle()
    assert pane.drawer.table.model_.sheet.rows != before
    pane.document.take_out(range(4), title="all")
    played.settle()
    assert pane.drawer.isHidden()


def _signed(share):
    return f"{100 * share:+.1f}".replace("-", "−")
