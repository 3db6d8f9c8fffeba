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
    assert "domain_agnostic" in page.pane.score._definition.text()


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


def test_two_decks_side_by_side_are_compared_and_share_cards(full, play, drop):
    from card_studio.ui.deck_mime import Carried, cards_mime

    full.workspace.deal("one", full.cards[:3])
    full.workspace.deal("two", full.cards[2:5])
    played = play()
    page = played.page
    page.open_deck("one")
    page.show_beside(True)
    played.settle()
    assert page.beside.deck.name == "two"
    assert "Only in one: dense clean, 80 clean; only in two" in page.compare.words.text()
    assert "right less left: clean" in page.compare.words.text()
    mime = cards_mime(Carried(cards=(full.cards[0],), deck=int(page.pane.deck.id), indices=(0,)))
    table = page.beside.table
    assert drop(table.viewport(), mime, table.mapFromScene(table.flow().mark(1).center()))
    assert page.beside.deck.cards == (full.cards[2], full.cards[0], full.cards[3], full.cards[4])
    assert page.pane.deck.cards == tuple(full.cards[1:3])
    played.settle()
    page.show_beside(False)
    assert page.compare.isHidden()
