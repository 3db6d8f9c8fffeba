"""The arithmetic of places: edits keep every card, and each gap on the table is the one that its mark shows."""

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSize

from card_studio.ui.deck_edits import inserted, moved, shifted, without
from card_studio.ui.deck_flow import Flow

DECKS = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1).map(tuple)


@given(DECKS, st.data())
def test_moving_keeps_every_card_and_puts_it_before_the_mark(cards, data):
    indices = data.draw(st.lists(st.integers(0, len(cards) - 1), unique=True, min_size=1))
    place = data.draw(st.integers(0, len(cards)))
    after = moved(cards, indices, place)
    assert sorted(after) == sorted(cards)
    taken = [cards[index] for index in sorted(indices)]
    start = after.index(taken[0])
    assert list(after[start : start + len(taken)]) == taken
    rest = [card for card in cards if card not in taken]
    assert [card for card in after if card not in taken] == rest
    assert start == sum(1 for card in cards[:place] if card not in taken)


@given(DECKS, st.lists(st.sampled_from("efghij"), min_size=1), st.data())
def test_inserting_adds_each_card_once(cards, new, data):
    place = data.draw(st.integers(0, len(cards)))
    after = inserted(cards, new, place)
    assert sorted(after) == sorted(set(cards) | set(new))
    fresh = list(dict.fromkeys(new))
    start = after.index(fresh[0])
    assert list(after[start : start + len(fresh)]) == fresh


@given(DECKS, st.data())
def test_shifting_moves_one_card_and_stops_at_the_ends(cards, data):
    index = data.draw(st.integers(0, len(cards) - 1))
    step = data.draw(st.integers(-9, 9))
    after = shifted(cards, index, step)
    assert after.index(cards[index]) == min(max(index + step, 0), len(cards) - 1)
    assert without(after, [after.index(cards[index])]) == without(cards, [index])


@given(st.integers(0, 30), st.integers(160, 1500), st.data())
def test_a_drop_on_a_mark_goes_where_it_shows(count, width, data):
    flow = Flow(count=count, extent=QSize(148, 204), width=float(width))
    gap = data.draw(st.integers(0, count))
    mark = flow.mark(gap)
    assert flow.gap_at(mark.center()) == gap
    if gap < count and gap % flow.columns:
        assert mark.right() <= flow.place(gap).x()
        assert mark.left() >= flow.place(gap - 1).x() + 148
