"""The preview's mind: which pictures are asked about, under which corruption, and what gate and cards have answered.

The gate answers at once, without a network; the cards' answers follow, when the dealer is warm. A dealer that dies is
started anew, once for a question: what kills it again is told.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from card_studio.domain.deck import Deck
from card_studio.domain.names import AnyCorruption, CorruptionName, MethodKind, is_own
from card_studio.domain.prediction import Neighbours, Prediction
from card_studio.studio.dealing import DealerClient
from card_studio.ui.bridge import Bridge
from card_studio.ui.deck_mime import Pictures, Source
from card_studio.ui.deck_reading import (
    Images,
    Look,
    Read,
    Reasons,
    ask_gate,
    corrupted,
    look_at,
    read_samples,
    read_sources,
)

T = TypeVar("T")
MOST_CORRUPTED = 64
"""Images up to which the corruption slider works: all severities are made at once."""
NEIGHBOURS = 5
"""Reference images that are shown for each suit."""
_POLL_MS = 60


class Oracle(QObject):
    """Asks the workspace about pictures, off the window's thread; the newest question wins."""

    changed = Signal()
    """There is something new to show."""
    refused = Signal(str)
    """Why pictures were not taken, or not answered, one line."""
    queued = Signal(list)
    """Jobs that will make reference images."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.read: Read | None = None
        """The pictures, uncorrupted; None before the first."""
        self.reading = False
        self.reasons: list[Reasons] = []
        """What the gate says, at severity 0 and, with a corruption, at 1 to 5."""
        self.answers: tuple[Prediction, ...] = ()
        """Predictions with the cards' probabilities, for the present severity and way of deciding."""
        self.problem = ""
        """Why the gate does not answer."""
        self.warming = False
        """Whether the cards' answers wait for the dealer to start."""
        self.asking = False
        """Whether the cards' answers are still to come, for whatever reason."""
        self.trouble = ""
        """Why the cards do not answer; "" where they do, or will."""
        self.corruption: AnyCorruption | None = None
        self.severity = 0
        self.own: list[str] = []
        """Corruptions of one's own that are offered."""
        self.together = False
        """Whether all pictures are decided on as one batch."""
        self._bridge = bridge
        self._deck: Deck | None = None
        self._again: Callable[[], None] | None = None
        self._stages: list[Images] = []
        self._dealer: DealerClient | None = None
        self._turn = 0
        self._revived = False
        self._making: tuple[int, AnyCorruption] | None = None
        self._poller = QTimer(self)
        self._poller.setInterval(_POLL_MS)
        self._poller.timeout.connect(self._on_dealer_polled)

    # --- questions -------------------------------------------------------------------------------------------------

    def set_deck(self, deck: Deck | None) -> None:
        """Ask this deck from now on; what was asked is asked again if it answers otherwise."""
        before, self._deck = self._deck, deck
        if before == deck or self._again is None:
            return
        self._turn += 1
        if deck is None or not deck.cards:
            self._forget_answers("put a card on the table first")
            self.changed.emit()
        elif before is None or not before.cards or self.read is None:
            self._read_again()
        else:
            self._ask_gate()

    def show(self, pictures: Pictures) -> None:
        """Ask about pictures that were dropped, pasted or chosen."""
        if pictures.problem or not pictures.sources:
            self.refused.emit(pictures.problem or "nothing was dropped")
            return
        self._again = partial(self._read_sources, pictures.sources)
        self._read_again()

    def show_samples(self, corruption: CorruptionName | None = None, severity: int = 0) -> None:
        """Ask about test images of the deck's dataset."""
        self._again = partial(self._read_samples, corruption, severity)
        self._read_again()

    def set_corruption(self, corruption: AnyCorruption | None) -> None:
        """Look at the pictures under another corruption."""
        self.corruption = corruption
        self.severity = self.severity if corruption else 0
        self._stages, self.reasons, self.answers = self._stages[:1], self.reasons[:1], ()
        self._making = None
        self._ask_anew()

    def set_severity(self, severity: int) -> None:
        """Look at the pictures at another severity; 0 is as they came."""
        self.severity, self.answers = severity, ()
        self._ask_anew()

    def set_together(self, together: bool) -> None:
        """Decide on all pictures as one batch, or on each by itself."""
        self.together, self.answers = together, ()
        self._ask_anew()

    def refresh(self) -> None:
        """Something changed in the workspace: the gate may be ready now, and there may be more of one's own."""
        own_methods = self._bridge.workspace.own_methods
        self._bridge.ask(lambda: own_methods().names(MethodKind.CORRUPTION), self._on_own, owner=self, key="own")
        if self.problem and self.read is not None and self._deck is not None and self._deck.cards:
            self._ask_gate()

    def prepare(self) -> None:
        """Pictures are on their way: have the dealer start, and load the deck's cards."""
        if self._deck is not None and self._deck.cards and (self._dealer is None or self._dealer.ended):
            self._start_dealer()

    def retry(self) -> None:
        """Ask the cards again, after trouble."""
        self._ask_anew()

    def find_neighbours(self, image: Images, then: Callable[[list[Neighbours]], None]) -> None:
        """Find the reference images nearest to an image, uint8 [3, H, W]; the newest question is answered."""
        workspace, deck = self._bridge.workspace, self._deck
        if deck is not None:
            self._ask(
                "neighbours", lambda: workspace.neighbours(deck, image, NEIGHBOURS), then, lambda _reason: then([])
            )

    def queue_reference_images(self) -> None:
        """Have reference images made that are not on this machine."""
        workspace, deck = self._bridge.workspace, self._deck
        if deck is not None:
            self._ask("images", lambda: workspace.queue_reference_images(deck), self.queued.emit, self.refused.emit)

    def clear(self) -> None:
        """Put the pictures away."""
        self._again, self.read = None, None
        self._forget_answers("")
        self.changed.emit()

    # --- answers ---------------------------------------------------------------------------------------------------

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """The best that is known now of each picture: with the cards' answers, or the gate's reasons alone."""
        if self.answers:
            return self.answers
        if not self.reasons:
            return ()
        reasons = self.reasons[self.severity if self.severity < len(self.reasons) else 0]
        return reasons.together if self.together else reasons.singly

    def choices(self, index: int) -> list[str]:
        """Return the suit chosen for one picture at each severity that is known, 0 first."""
        rows = [each.together if self.together else each.singly for each in self.reasons]
        return [row[index].chosen for row in rows if index < len(row)]

    @property
    def can_corrupt(self) -> bool:
        """Whether there are pictures, and few enough to make all severities of."""
        return self.read is not None and 0 < len(self.read.images) <= MOST_CORRUPTED

    # --- within ----------------------------------------------------------------------------------------------------

    def _read_again(self) -> None:
        if self._deck is None:
            self.refused.emit("put a card on the table first: it says how large the images are to be")
        elif self._again is not None:
            self.reading = True
            self._again()
            if not self.reasons:  # else what was asked before stays in sight until this is answered
                self.changed.emit()

    def _read_sources(self, sources: tuple[Source, ...]) -> None:
        workspace, deck = self._bridge.workspace, self._deck
        assert deck is not None
        self._look(lambda: look_at(workspace, deck, read_sources(workspace, deck, sources)))

    def _read_samples(self, corruption: CorruptionName | None, severity: int) -> None:
        workspace, deck = self._bridge.workspace, self._deck
        assert deck is not None
        self._look(lambda: look_at(workspace, deck, read_samples(workspace, deck, corruption, severity)))

    def _look(self, work: Callable[[], Look]) -> None:
        """Read pictures and ask the gate in one go: what is dropped is decided on at once."""
        self._turn += 1
        self._poller.stop()
        self._ask("gate", work, self._on_look, self._on_unreadable)

    def _on_look(self, look: Look) -> None:
        self.reading = False
        read = look.read
        if read.refused:
            more = f" (and {len(read.refused) - 1} more)" if len(read.refused) > 1 else ""
            self.refused.emit(read.refused[0] + more)
        if not len(read.images):
            self._ask_anew()  # the pictures before are still shown
            return
        self.read = read
        if not self.can_corrupt:
            self.corruption, self.severity = None, 0
        if look.reasons is None:
            self._on_no_gate(look.problem)
        else:
            self._on_reasons(look.reasons)

    def _on_unreadable(self, reason: str) -> None:
        self.reading = False
        self.refused.emit(reason)
        self._ask_anew()

    def _ask_gate(self) -> None:
        workspace, deck, read = self._bridge.workspace, self._deck, self.read
        if deck is None or read is None:
            return
        self._turn += 1
        self._poller.stop()
        self.answers = ()
        self._ask(
            "gate", lambda: ask_gate(workspace, deck, read.images, read.names), self._on_reasons, self._on_no_gate
        )

    def _on_reasons(self, reasons: Reasons) -> None:
        assert self.read is not None
        self.problem = ""
        self.answers = ()
        self.reasons, self._stages = [reasons], [self.read.images]
        self._ask_anew()

    def _on_no_gate(self, reason: str) -> None:
        self._forget_answers(reason)
        self.changed.emit()

    def _on_own(self, names: list[str]) -> None:
        if names != self.own:
            self.own = names
            if self.corruption is not None and is_own(self.corruption) and self.corruption not in names:
                self.set_corruption(None)
            self.changed.emit()

    # --- the dealer ------------------------------------------------------------------------------------------------

    def _ask_anew(self) -> None:
        """Ask the cards, and for the corrupted pictures where they are lacking; whatever trouble there was is over."""
        self._revived, self.trouble = False, ""
        self._ask_dealer()
        self.changed.emit()

    def _ask_dealer(self) -> None:
        """Ask only a dealer that is warm, so that no thread is kept waiting for it; one that ended is started anew."""
        self.asking = self._deck is not None and self.read is not None and bool(self.reasons)
        if not self.asking:
            return
        if self._dealer is None or self._dealer.ended:
            self._start_dealer()
        elif self._dealer.warming:
            self.warming = True
            self._poller.start()
        elif self.corruption is not None and len(self._stages) == 1:
            self._corrupt(self._dealer, self.corruption)
        else:
            self._ask_cards()

    def _start_dealer(self) -> None:
        self.warming = bool(self.reasons)
        self._ask("dealer", self._bridge.workspace.dealer, self._on_dealer, self._on_no_answers)

    def _on_dealer(self, dealer: DealerClient) -> None:
        self._dealer = dealer
        self._poller.start()

    def _on_dealer_polled(self) -> None:
        workspace, deck, dealer = self._bridge.workspace, self._deck, self._dealer
        if dealer is not None and dealer.warming:
            return
        self._poller.stop()
        if self.asking and (dealer is None or not dealer.ended):
            self._ask_dealer()
        elif self.asking:
            self._on_no_answers("the dealer ended while it warmed up: see dealer.log in the workspace")
        elif deck is not None and deck.cards:
            self._ask("cards", lambda: workspace.warm(deck), lambda _none: None, lambda _reason: None)

    def _corrupt(self, dealer: DealerClient, name: AnyCorruption) -> None:
        """Make the corrupted pictures of all severities, unless that is under way: the slider may move meanwhile."""
        workspace, deck, read, first = self._bridge.workspace, self._deck, self.read, self.reasons[0]
        assert deck is not None
        assert read is not None
        if self._making == (self._turn, name):
            return
        self._making = (self._turn, name)

        def work() -> tuple[list[Images], list[Reasons]]:
            stages = corrupted(workspace, dealer, read.images, name)
            return stages, [first, *(ask_gate(workspace, deck, images, read.names) for images in stages[1:])]

        self._ask("cards", work, self._on_corrupted, self._on_no_answers)

    def _on_corrupted(self, found: tuple[list[Images], list[Reasons]]) -> None:
        self._making = None
        self._stages, self.reasons = found
        self._ask_dealer()
        self.changed.emit()

    def _ask_cards(self) -> None:
        workspace, deck, read = self._bridge.workspace, self._deck, self.read
        assert deck is not None
        assert read is not None
        images = self._stages[self.severity]
        batch = len(images) if self.together else 1
        self._ask(
            "cards",
            lambda: tuple(workspace.answer(deck, images, sources=read.names, batch=batch)),
            self._on_answers,
            self._on_no_answers,
        )

    def _on_answers(self, answers: tuple[Prediction, ...]) -> None:
        self.answers, self.asking, self.warming = answers, False, False
        self.changed.emit()

    def _on_no_answers(self, reason: str) -> None:
        """Start a dealer anew that has died; tell of what is wrong with the cards, or with it again."""
        self._making = None
        died = self._dealer is None or self._dealer.ended
        self._dealer = None if died else self._dealer
        if died and not self._revived:
            self._revived = True
            self._ask_dealer()
        else:
            self.asking = self.warming = False
            self.trouble = reason
            self.refused.emit(reason)
        self.changed.emit()

    def _forget_answers(self, problem: str) -> None:
        self.problem = problem
        self.reasons, self.answers, self._stages = [], (), []
        self.asking = self.warming = False
        self.trouble = ""
        self._poller.stop()

    def _ask(self, key: str, work: Callable[[], T], then: Callable[[T], None], failed: Callable[[str], None]) -> None:
        """Ask in a thread; an answer that an edit of the deck has overtaken is dropped."""
        turn = self._turn

        def current(call: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda value: call(value) if turn == self._turn else None

        self._bridge.ask(work, current(then), owner=self, failed=current(failed), key=key)
