"""A deck that a file brought is kept once, under a name that is free; what was built here is not replaced."""

from card_studio.domain.deck import definition_of
from card_studio.domain.job import DeckDefinition, GateOptions
from card_studio.domain.names import DeckMode
from card_studio.domain.run import DeckBrought


def deck_of(make, *numbers, **changes):
    values = {"mode": DeckMode.SOFT, "gate": GateOptions(images=7), "batch": 3, "temperature": 2.5}
    return DeckDefinition(cards=tuple(make.card_id(each) for each in numbers), **(values | changes))


def names(library):
    return sorted(deck.name for deck in library.decks())


def test_a_brought_deck_is_as_it_was_and_comes_once(library, told, make):
    brought = DeckBrought(at=50.0, name="Theirs", deck=deck_of(make, 2, 1, 2))
    told(make.card_made(1), make.card_made(2), brought)
    told(make.card_made(1), make.card_made(2), brought)
    (deck,) = library.decks()
    assert (deck.name, deck.created_at.timestamp(), deck.selection) == ("Theirs", 50.0, None)
    assert definition_of(deck) == brought.deck


def test_a_name_that_another_deck_bears_gets_a_number_and_keeps_it(library, told, make):
    cards = [make.card_made(number) for number in (1, 2, 3)]
    first, second, third = (DeckBrought(name="Theirs", deck=deck_of(make, number)) for number in (1, 2, 3))
    told(*cards, first, second, third)
    assert names(library) == ["Theirs", "Theirs (2)", "Theirs (3)"]
    told(third, second, first)
    assert names(library) == ["Theirs", "Theirs (2)", "Theirs (3)"]
    assert library.deck("Theirs (3)").cards == (make.card_id(3),)


def test_an_edited_deck_is_left_alone(library, told, make):
    brought = DeckBrought(name="Theirs", deck=deck_of(make, 1))
    told(make.card_made(1), brought, DeckBrought(name="Theirs", deck=deck_of(make, 1, batch=8)))
    assert [library.deck(name).batch for name in ("Theirs", "Theirs (2)")] == [3, 8]


def test_references_built_here_are_not_replaced_by_those_of_a_file(library, told, make):
    built = make.reference_built()
    theirs = built.model_copy(update={"spectra": "f" * 64, "brought": True})
    told(theirs)
    assert library.reference(built.key).spectra == "f" * 64
    told(built)
    assert library.reference(built.key).spectra == built.spectra
    told(theirs)
    assert library.reference(built.key).spectra == built.spectra
