"""The workspace: all that a front end may touch.

ws = Workspace(path)
job = ws.submit(recipe)
ws.wait(job)
deck = ws.deal("name", [card.id for card in ws.cards()])
ws.predict(deck, images)
"""

from card_studio.studio.deck_proposals import DeckProposals
from card_studio.studio.deck_sharing import DeckSharing
from card_studio.studio.gallery import Gallery


class Workspace(DeckProposals, DeckSharing, Gallery):
    """A folder of jobs, runs, cards, measurements and decks, and the use cases on it. Any thread may use it.

    The use cases lie in parts: the queue (queueing.py), the collection of cards (collection.py), the decks
    (deck_table.py, deck_proposals.py, deck_sharing.py, deck_asking.py) and the gallery (gallery.py). Records go out,
    requests come in; no row, tensor or widget passes here.
    """
