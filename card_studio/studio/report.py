"""A study's findings: the cards of a tag or a name, their results by recipe with the spread over replicates.

A study is every card that bears a tag; where no card does, every card whose recipe or card has the name. Numbers of
unlike suites or data are in sections of their own.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from card_studio.domain.card import Card, CardQuery
from card_studio.domain.ids import JobId
from card_studio.domain.names import FAMILIES
from card_studio.domain.statistics import t_interval
from card_studio.errors import NotFoundError
from card_studio.studio.replicates import CardGroup, recipe_key
from card_studio.studio.robustness import Arrays, SuiteAnswers, suites_answered
from card_studio.studio.robustness_grid import method_text
from card_studio.studio.sensitivity_view import MapKind, map_kinds
from card_studio.studio.sheet import Heading, Sheet, Value
from card_studio.studio.side_by_side import Cards
from card_studio.studio.versions import computed_with, versions_of

EVERY = "all"
_MOST_NAMED = 8
_SPREAD = "mean ± sd over replicates (seeds), the sample's sd; one run has no spread and gets no verdict"


class Studies(Cards, Arrays, Protocol):
    """Where studies are found: a workspace."""

    def cards(self, query: CardQuery | None = None) -> list[Card]:
        """Return the cards that a query asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Cards with what was measured of them."""

    name: str
    chosen: str
    """By what they were chosen."""
    cards: tuple[Card, ...]
    suites: tuple[SuiteAnswers, ...]
    kinds: tuple[MapKind, ...]
    made_with: tuple[str, ...]
    """What the cards were made with, as far as it was recorded."""

    @property
    def unmeasured(self) -> tuple[Card, ...]:
        """The cards that answered no suite."""
        known = {card.id for answers in self.suites for card in answers.cards}
        return tuple(card for card in self.cards if card.id not in known)


def read_study(workspace: Studies, name: str) -> Study:
    """Return a study.

    Args:
        workspace: where its cards are.
        name: a tag; or, where no card bears it, the name of a recipe or of cards; or `all`.

    Raises:
        NotFoundError: there is no such tag or name; the line says which there are.
    """
    cards, chosen = _chosen(workspace, name)
    ids = [card.id for card in cards]
    evaluations, maps = workspace.evaluations(ids), workspace.maps(ids)
    jobs: list[JobId | None] = [card.job_id for card in cards]
    made_with = computed_with(versions_of(workspace, jobs).values())
    jobs = [*(each.job_id for each in evaluations), *(each.job_id for each in maps)]
    versions = versions_of(workspace, jobs)
    return Study(
        name=name,
        chosen=chosen,
        cards=tuple(cards),
        suites=tuple(suites_answered(cards, evaluations, versions)),
        kinds=tuple(map_kinds(cards, maps, versions)),
        made_with=tuple(made_with),
    )


def groups_of(answers: SuiteAnswers) -> list[CardGroup]:
    """Return the replicates that answered a suite, by network, sparsity, method and augmentation."""
    found: defaultdict[str, list[Card]] = defaultdict(list)
    for card in answers.cards:
        found[recipe_key(card)].append(card)
    groups = [CardGroup(key=key, cards=tuple(cards)) for key, cards in found.items()]
    return sorted(groups, key=lambda group: (*_row_title(group.first), str(group.first.augmentation)))


def table_sheet(answers: SuiteAnswers, figure: str) -> Sheet:
    """Return methods by augmentations: clean or robust accuracy, mean and spread over replicates.

    Recipes that differ in more than augmentation and seed have rows of their own.

    Args:
        answers: the suite.
        figure: "clean" or "robust".
    """
    groups = groups_of(answers)
    suits = list(dict.fromkeys(sorted((str(group.first.augmentation) for group in groups), key=_suit_place)))
    rows: dict[str, dict[str, list[CardGroup]]] = {}
    for group in groups:
        own = rows.setdefault(recipe_key(group.first, without=("augmentation",)), {})
        own.setdefault(str(group.first.augmentation), []).append(group)
    titles = _told_apart([next(iter(own.values()))[0].first for own in rows.values()])
    lines: list[tuple[Value, ...]] = []
    for title, own in zip(titles, rows.values(), strict=True):
        cells = [" / ".join(_spread(group, answers, figure) for group in own.get(suit, [])) or None for suit in suits]
        lines.append((title, *cells))
    note = f"{answers.definition()} · {_SPREAD}"
    if any(len(each) > 1 for own in rows.values() for each in own.values()):
        note += " · two figures in a cell: the augmentation's own options differ"
    return Sheet(
        title=f"{figure.capitalize()} accuracy (%) by method and augmentation",
        headings=(Heading(text="Method"), *(Heading(text=suit, digits=1) for suit in suits)),
        rows=tuple(lines),
        note=note,
    )


def groups_sheet(answers: SuiteAnswers) -> Sheet:
    """Return a line for each recipe: replicates, accuracies with spread and Student's interval, bytes, epochs."""
    headings = (
        Heading(text="Recipe"),
        Heading(text="n", digits=0),
        Heading(text="Sparsity (%)", digits=2),
        *(Heading(text=text, digits=1) for text in ("Clean (%)", "sd", "Robust (%)", "sd", "95 % low", "95 % high")),
        Heading(text="Calibration error (%)", digits=1),
        Heading(text="Size (kB)", digits=1),
        Heading(text="Epochs", digits=0),
    )
    groups = groups_of(answers)
    titles = [
        f"{title} · {group.first.augmentation}"
        for title, group in zip(_told_apart([group.first for group in groups]), groups, strict=True)
    ]
    rows = tuple(_group_row(title, group, answers) for title, group in zip(titles, groups, strict=True))
    note = (
        f"{answers.definition()} · means over replicates, the sample's sd; interval of the mean robust accuracy: "
        "Student's t over replicates, none for one run · size: mean bytes of the card files, kB of 1,000 bytes"
    )
    return Sheet(title="Recipes", headings=headings, rows=rows, note=note)


def corruption_sheet(answers: SuiteAnswers) -> Sheet:
    """Return accuracy by corruption, mean over severities and replicates, a column for each recipe."""
    groups = groups_of(answers)
    titles = _told_apart([group.first for group in groups])
    names = [name for family in FAMILIES.values() for name in family if name in answers.suite.corruptions]
    rows: list[tuple[Value, ...]] = [("clean images", *(_of_cells(group, answers, None) for group in groups))]
    rows += [(name.replace("_", " "), *(_of_cells(group, answers, name) for group in groups)) for name in names]
    headings = [Heading(text="Corruption")]
    headings += [
        Heading(text=f"{title} · {group.first.augmentation}", digits=1)
        for title, group in zip(titles, groups, strict=True)
    ]
    note = f"{answers.definition()} · mean over severities and replicates"
    return Sheet(title="Accuracy (%) by corruption", headings=tuple(headings), rows=tuple(rows), note=note)


def cards_sheet(study: Study) -> Sheet:
    """Return every card of a study: identity, recipe, bytes."""
    headings = (
        *(Heading(text=text) for text in ("Card", "Name", "Network", "Method", "Augmentation")),
        Heading(text="Seed", digits=0),
        Heading(text="Sparsity (%)", digits=2),
        Heading(text="Weights kept", digits=0),
        Heading(text="File (bytes)", digits=0),
        Heading(text="Reference (bytes)", digits=0),
        Heading(text="Epochs", digits=0),
        Heading(text="Validation (%)", digits=1),
        Heading(text="Data"),
        Heading(text="Fingerprint"),
    )
    rows = tuple(_card_row(card) for card in study.cards)
    note = " · ".join(
        [
            "file: bytes of the card file; reference: what information theory allows the same network",
            "epochs: in all, earlier levels included",
            *study.made_with,
        ]
    )
    return Sheet(title="Cards", headings=headings, rows=rows, note=note)


def _chosen(workspace: Studies, name: str) -> tuple[list[Card], str]:
    tagged = workspace.cards(CardQuery(tags=(name,)))
    if tagged:
        return tagged, f"tagged `{name}`"
    every = workspace.cards()
    if name == EVERY:
        return every, "every card of the workspace"
    named = [card for card in every if name in (card.recipe.name, card.name)]
    if named:
        return named, f"named `{name}`, by recipe or card"
    tags = list(dict.fromkeys(tag for card in every for tag in card.tags))
    names = list(dict.fromkeys(card.recipe.name for card in every if card.recipe.name))
    known = "; ".join(
        f"{what}: {', '.join(some[:_MOST_NAMED])}" for what, some in (("tags", tags), ("recipes", names)) if some
    )
    raise NotFoundError(
        f"{name}: no card has this tag or name; say `{EVERY}` for all cards, or tag some"
        + (f" ({known})" if known else "")
    )


def _spread(group: CardGroup, answers: SuiteAnswers, figure: str) -> str:
    values = [getattr(answers.evaluations[card.id], f"{figure}_accuracy") for card in group.cards]
    return group.spread(values)


def _group_row(title: str, group: CardGroup, answers: SuiteAnswers) -> tuple[Value, ...]:
    own = [answers.evaluations[card.id] for card in group.cards]
    clean, robust = ([100 * getattr(each, f"{name}_accuracy") for each in own] for name in ("clean", "robust"))
    interval = t_interval(robust) or (None, None)
    return (
        title,
        len(own),
        100 * group.first.sparsity,
        float(np.mean(clean)),
        _sd(clean),
        float(np.mean(robust)),
        _sd(robust),
        *interval,
        100 * float(np.mean([each.calibration_error for each in own])),
        float(np.mean([card.file_bytes for card in group.cards])) / 1000,
        float(np.mean([card.total_epochs for card in group.cards])),
    )


def _card_row(card: Card) -> tuple[Value, ...]:
    return (
        card.id,
        card.name,
        str(card.recipe.network.name),
        str(card.method),
        str(card.augmentation),
        card.recipe.seed,
        100 * card.sparsity,
        card.kept_weights,
        card.file_bytes,
        card.reference_bytes,
        card.total_epochs,
        100 * card.validation_accuracy,
        card.data_label,
        card.fingerprint,
    )


def _of_cells(group: CardGroup, answers: SuiteAnswers, corruption: str | None) -> float:
    cells = [cell for card in group.cards for cell in answers.evaluations[card.id].cells]
    return 100 * float(np.mean([cell.accuracy for cell in cells if cell.corruption == corruption]))


def _sd(values: Sequence[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _row_title(card: Card) -> tuple[str, float, str]:
    return str(card.recipe.network.name), round(card.sparsity, 4), str(card.method)


def _told_apart(cards: Sequence[Card]) -> list[str]:
    """Return a title for each card's recipe, with as much more as tells it from the others of its augmentation."""
    more: tuple[Callable[[Card], str], ...] = (
        lambda card: f"{card.recipe.network.name} · {method_text(card)}",
        lambda card: f"{card.recipe.training.epochs} epochs",
        lambda card: card.recipe.title,
    )
    keys = [recipe_key(card, without=("augmentation",)) for card in cards]
    titles = [more[0](card) for card in cards]
    for further in more[1:]:
        of_title: defaultdict[str, set[str]] = defaultdict(set)
        for title, key in zip(titles, keys, strict=True):
            of_title[title].add(key)
        titles = [
            f"{title} · {further(card)}" if len(of_title[title]) > 1 else title
            for title, card in zip(titles, cards, strict=True)
        ]
    return titles


def _suit_place(suit: str) -> tuple[int, str]:
    known = ("clean", "gaussian", "augmix")
    return (known.index(suit) if suit in known else len(known)), suit
