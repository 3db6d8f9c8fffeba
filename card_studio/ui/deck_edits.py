"""How edits change the order of a deck's cards: pure functions of tuples. Places count from 0, before that card."""

from collections.abc import Sequence

from card_studio.domain.ids import CardId

Cards = tuple[CardId, ...]


def inserted(cards: Cards, new: Sequence[CardId], place: int) -> Cards:
    """Return the cards with `new` put in before `place`; one that is there already moves to it, with its repeats."""
    fresh = tuple(dict.fromkeys(new))
    before = tuple(card for card in cards[:place] if card not in fresh)
    after = tuple(card for card in cards[place:] if card not in fresh)
    copies = tuple(card for card in fresh for _ in range(max(1, cards.count(card))))
    return before + copies + after


def moved(cards: Cards, indices: Sequence[int], place: int) -> Cards:
    """Return the cards with those at `indices` put, in their order, before the card that is now at `place`."""
    taken = sorted(set(indices))
    before = tuple(card for index, card in enumerate(cards[:place]) if index not in taken)
    after = tuple(card for index, card in enumerate(cards) if index >= place and index not in taken)
    return before + tuple(cards[index] for index in taken) + after


def without(cards: Cards, indices: Sequence[int]) -> Cards:
    """Return the cards less those at `indices`."""
    gone = set(indices)
    return tuple(card for index, card in enumerate(cards) if index not in gone)


def shifted(cards: Cards, index: int, step: int) -> Cards:
    """Return the cards with the one at `index` moved by `step` places, stopping at the ends."""
    target = min(max(index + step, 0), len(cards) - 1)
    rest = without(cards, [index])
    return (*rest[:target], cards[index], *rest[target:])
