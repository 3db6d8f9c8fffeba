"""Two to six cards side by side: what was measured of all alike, what some lack, and their headline numbers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from card_studio.domain.card import Card, Evaluation, SensitivityMap
from card_studio.domain.ids import CardId
from card_studio.domain.recipe import described
from card_studio.domain.statistics import Interval, wilson
from card_studio.errors import UserError
from card_studio.studio.normalising import Normaliser
from card_studio.studio.robustness import CardResult, SuiteAnswers, suites_answered
from card_studio.studio.robustness_grid import card_title, excludes_zero, mean_differs, method_text
from card_studio.studio.sensitivity_view import MapKind, map_kinds
from card_studio.studio.sheet import Heading, Sheet, Value
from card_studio.studio.versions import Environments, versions_of

FEWEST, MOST = 2, 6
_NONE = "–"


class Cards(Environments, Protocol):
    """Where cards and what was measured of them are found: a workspace."""

    def card(self, card_id: str) -> Card:
        """Return one card."""

    def evaluations(self, cards: Collection[CardId] | None = None) -> list[Evaluation]:
        """Return the latest evaluation of each card on each suite."""

    def maps(self, cards: Collection[CardId] | None = None) -> list[SensitivityMap]:
        """Return the maps of these cards, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The cards in the order in which they were chosen, and what can be compared of them."""

    cards: tuple[Card, ...]
    suites: tuple[SuiteAnswers, ...]
    """Those that most of the cards answered first; each holds only the cards that did."""
    kinds: tuple[MapKind, ...]
    """Maps measured alike, those of most cards first."""

    @property
    def one_dataset(self) -> bool:
        """Whether the cards were made from the same data: otherwise no image is common to all."""
        return len({card.data_digest for card in self.cards}) == 1

    def unanswered(self, answers: SuiteAnswers) -> tuple[Card, ...]:
        """Return the cards that have not answered a suite."""
        return tuple(card for card in self.cards if card.id not in {each.id for each in answers.cards})

    def unmapped(self, kind: MapKind) -> tuple[Card, ...]:
        """Return the cards that have no map of a kind."""
        return tuple(card for card in self.cards if card.id not in {each.card.id for each in kind.maps})


def read_sides(workspace: Cards, ids: Sequence[str]) -> Sides:
    """Return cards with what was measured of them.

    Raises:
        UserError: they are fewer than two or more than six, or one is named twice.
        NotFoundError: there is no such card.
    """
    cards = tuple(workspace.card(each) for each in ids)
    own = [card.id for card in cards]
    if len(set(own)) < len(own):
        raise UserError("a card is named twice: name each card once")
    if not FEWEST <= len(cards) <= MOST:
        raise UserError(f"{len(cards)} card{'s' * (len(cards) != 1)}: compare {FEWEST} to {MOST}")
    evaluations, maps = workspace.evaluations(own), workspace.maps(own)
    jobs = [*(each.job_id for each in evaluations), *(each.job_id for each in maps)]
    versions = versions_of(workspace, jobs)
    return Sides(
        cards=cards,
        suites=tuple(suites_answered(cards, evaluations, versions)),
        kinds=tuple(map_kinds(cards, maps, versions)),
    )


def told_apart(cards: Sequence[Card], said: Callable[[Card], str]) -> tuple[str, ...]:
    """Return a short label for each card, to stand beside its suit; with its seed or place where two agree.

    Args:
        cards: in their order.
        said: such as method and sparsity.
    """
    plain = [(str(card.augmentation), said(card)) for card in cards]
    seeded = [(*own, card.recipe.seed) for own, card in zip(plain, cards, strict=True)]
    found = []
    for at, (own, card) in enumerate(zip(plain, cards, strict=True)):
        mark = f" s{card.recipe.seed}" if seeded.count(seeded[at]) == 1 else f" #{at + 1}"
        found.append(own[1] + (mark if plain.count(own) > 1 else ""))
    return tuple(found)


def titles_of(cards: Sequence[Card]) -> tuple[str, ...]:
    """Return a column's header for each card: its name, or of its recipe only what these cards differ in."""
    networks = {card.recipe.network.name for card in cards}

    def said(card: Card) -> str:
        if card.name != described(card.recipe):
            return card_title(card)
        network = f"{card.recipe.network.name} · " if len(networks) > 1 else ""
        return f"{network}{card.augmentation} · {method_text(card)}"

    return told_apart(cards, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A number of the headline: its name, and what it is of a card, or of a card's results."""

    name: str
    of_card: Callable[[Card], str] = lambda _card: _NONE
    of_result: Callable[[CardResult], str] | None = None
    marked: Callable[[CardResult], bool] = lambda _result: False


def headline_sheet(
    sides: Sides, results: Sequence[CardResult], answers: SuiteAnswers | None, baseline: Normaliser | None
) -> Sheet:
    """Return the headline numbers with their intervals, a column for each card; dashes where one was not measured.

    Args:
        sides: the cards.
        results: of those that answered the suite.
        answers: the suite; None if no card answered any.
        baseline: the card to which differences are taken, and whose errors normalise mCE; None for neither.
    """
    by_card = {result.card.id: result for result in results}
    rows, marked = [], set()
    for at, line in enumerate(_lines(baseline)):
        row: list[Value] = [line.name]
        for column, card in enumerate(sides.cards):
            result = by_card.get(card.id)
            row.append(_cell(line, card, result))
            if result is not None and line.marked(result):
                marked.add((at, 1 + column))
        rows.append(tuple(row))
    return Sheet(
        title="Headline numbers",
        headings=(Heading(text="Number"), *(Heading(text=title, digits=1) for title in titles_of(sides.cards))),
        rows=tuple(rows),
        note=_note(answers, baseline),
        marked=frozenset(marked),
    )


def _cell(line: _Line, card: Card, result: CardResult | None) -> str:
    if line.of_result is None:
        return line.of_card(card)
    return _NONE if result is None else line.of_result(result)


def _lines(baseline: Normaliser | None) -> list[_Line]:
    found = [
        _Line(name="Clean (%)", of_result=lambda r: _share(r.evaluation.clean_accuracy, _clean_interval(r))),
        _Line(name="Robust (%)", of_result=lambda r: _share(r.evaluation.robust_accuracy, r.robust_interval)),
        _Line(name="Calibration error (%)", of_result=lambda r: _percent(r.evaluation.calibration_error)),
        _Line(name="Size (kB)", of_card=lambda card: f"{card.file_bytes / 1000:,.1f}"),
        _Line(name="Sparsity (%)", of_card=lambda card: f"{100 * card.sparsity:.2f}"),
        _Line(name="Weights kept", of_card=lambda card: f"{card.kept_weights:,}"),
        _Line(name="Epochs trained in all", of_card=lambda card: f"{card.total_epochs:g}"),
        _Line(name="Validation accuracy (%)", of_card=lambda card: _percent(card.validation_accuracy)),
    ]
    if baseline is not None:
        found.insert(1, _Line(name="Δ clean (points)", of_result=_clean_gain, marked=_clean_differs))
        found.insert(3, _Line(name="Δ robust (points)", of_result=_robust_gain, marked=mean_differs))
        found.insert(4, _Line(name="mCE (%)", of_result=lambda r: _percent(baseline.mce(r.evaluation))))
    return found


def _note(answers: SuiteAnswers | None, baseline: Normaliser | None) -> str:
    if answers is None:
        return "No suite was answered by these cards"
    said = f"{answers.definition()} · 95 % intervals: clean Wilson, robust bootstrap over images"
    if baseline is None:
        return said
    return (
        f"{said} · differences to {baseline.title}: paired bootstrap over images, marked where the interval excludes "
        f"0 · {baseline.definition}"
    )


def _clean_interval(result: CardResult) -> Interval:
    images = result.evaluation.images
    return wilson(round(result.evaluation.clean_accuracy * images), images)


def _clean_gain(result: CardResult) -> str:
    gain = result.comparison
    return "baseline" if gain is None else _points(gain.clean, gain.clean_interval)


def _robust_gain(result: CardResult) -> str:
    gain = result.comparison
    return "baseline" if gain is None else _points(gain.robust, gain.robust_interval)


def _clean_differs(result: CardResult) -> bool:
    return result.comparison is not None and excludes_zero(result.comparison.clean_interval)


def _percent(share: float) -> str:
    return _NONE if share != share else f"{100 * share:.1f}"


def _share(share: float, interval: Interval) -> str:
    return _NONE if share != share else f"{100 * share:.1f} [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def _points(gain: float, interval: Interval) -> str:
    if gain != gain:
        return _NONE
    low, high = (f"{100 * end:+.1f}" for end in interval)
    return f"{100 * gain:+.1f} [{low}, {high}]".replace("-", "−")
