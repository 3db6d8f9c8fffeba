"""The tour: the main job from recipe to prediction on the embedded dataset, through the same host, worker and deck as
the window. Three cards, two of them compressed, are made, evaluated and mapped; a deck is dealt; two images are shown.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from card_studio.domain.card import Card, CardQuery
from card_studio.domain.deck import Deck, DeckScore
from card_studio.domain.gate import suite_key
from card_studio.domain.job import Job, JobState, MakeCard, MapOptions, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.prediction import Prediction
from card_studio.errors import UserError
from card_studio.files import write_atomically
from card_studio.pictures import encode_png
from card_studio.studio.examples import example
from card_studio.studio.workspace import Workspace

DECK_NAME = "Tour"
SUITE = Suite(
    corruptions=(
        CorruptionName.GAUSSIAN_NOISE,
        CorruptionName.DEFOCUS_BLUR,
        CorruptionName.CONTRAST,
        CorruptionName.PIXELATE,
    ),
    images=1000,
)
MAP = MapOptions(images=64)
IMAGE = 0
"""Which test image is shown: the first, clean and under the strongest Gaussian noise. Not chosen for its answer."""
SEVERITY = 5
_POLL_S = 0.3

Watch = Callable[[str, Sequence[Job]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """What the tour has made and found."""

    cards: tuple[Card, ...]
    deck: Deck
    score: DeckScore
    predictions: tuple[Prediction, ...]
    images: tuple[Path, ...]
    elapsed_s: float


def tour_specs() -> tuple[MakeCard, ...]:
    """Return the tour's jobs: LRR on clean images (its level 0 is the dense card), LRR with Gaussian noise."""
    recipes = (example("tour-clean"), example("tour-gaussian"))
    return tuple(MakeCard(recipe=recipe, then_evaluate=SUITE, then_map=MAP) for recipe in recipes)


def run_tour(workspace: Workspace, out: Path, watch: Watch) -> Tour:
    """Do the main job in `workspace` and write clean.png, noisy.png and tour.json into `out`.

    What an earlier tour has finished there is not done again.

    Args:
        workspace: where jobs run.
        out: receives the files.
        watch: called now and then with what is being done and the jobs as they stand.

    Raises:
        UserError: a job failed; the text says why.
    """
    began = time.monotonic()
    workspace.retry([job.id for job in workspace.jobs((JobState.FAILED, JobState.CANCELLED, JobState.PAUSED))])
    known = [job.spec for job in workspace.jobs()]
    workspace.submit_all([spec for spec in tour_specs() if spec not in known])
    _finish_all(workspace, "Making, evaluating and mapping cards", watch)
    cards = _tour_cards(workspace)
    deck = _dealt(workspace, cards)
    _finish_all(workspace, "Measuring the gate", watch)
    images = _save_images(workspace, deck, out)
    watch("Asking the deck", ())
    predictions = workspace.predict(deck, images, sources=[path.name for path in images])
    tour = Tour(
        cards=tuple(cards),
        deck=deck,
        score=workspace.score(deck, SUITE),
        predictions=tuple(predictions),
        images=tuple(images),
        elapsed_s=time.monotonic() - began,
    )
    write_atomically(out / "tour.json", json.dumps(as_plain(workspace, tour), indent=2).encode())
    return tour


def as_plain(workspace: Workspace, tour: Tour) -> dict[str, Any]:
    """Return every number of the tour as plain JSON values."""
    return {
        "definition": SUITE.definition,
        "compression": "LRR to 80 % in three levels of 41.5 % (the paper: 20 %), few epochs: quick on purpose",
        "elapsed_s": round(tour.elapsed_s, 1),
        "cards": [_plain_card(workspace, card) for card in tour.cards],
        "deck": _plain_deck(tour),
        "predictions": [_plain_prediction(prediction) for prediction in tour.predictions],
    }


def _plain_card(workspace: Workspace, card: Card) -> dict[str, Any]:
    key = suite_key(SUITE, card.data_digest)
    evaluation = next(each for each in workspace.evaluations([card.id]) if each.suite_key == key)
    sensitivity = workspace.maps([card.id])[0]
    return {
        "id": card.id,
        "name": card.name,
        "method": card.method,
        "augmentation": card.augmentation,
        "network": card.recipe.network.name,
        "sparsity": card.sparsity,
        "total_epochs": card.total_epochs,
        "file_bytes": card.file_bytes,
        "reference_bytes": card.reference_bytes,
        "clean_accuracy": evaluation.clean_accuracy,
        "robust_accuracy": evaluation.robust_accuracy,
        "calibration_error": evaluation.calibration_error,
        "cells": [
            {"corruption": cell.corruption, "severity": cell.severity, "accuracy": cell.accuracy, "images": cell.images}
            for cell in evaluation.cells
        ],
        "sensitivity_mean_error": float(sensitivity.errors.mean()),
        "sensitivity_images": sensitivity.images,
    }


def _plain_deck(tour: Tour) -> dict[str, Any]:
    score = tour.score
    return {
        "name": tour.deck.name,
        "mode": score.mode,
        "m": score.m,
        "references": tour.deck.gate.images,
        "suits": list(score.suits),
        "clean": score.clean,
        "robust": score.robust,
        "averaging_clean": score.agnostic_clean,
        "averaging_robust": score.agnostic_robust,
        "gain_over_averaging": score.gain,
        "gain_interval_95": list(score.gain_interval),
        "best_suit_robust": score.best_suit_robust,
        "any_card_robust": score.any_card_robust,
        "file_bytes": score.file_bytes,
        "chosen": [
            {"corruption": cell.corruption, "severity": cell.severity, "shares": list(cell.chosen)}
            for cell in score.cells
        ],
    }


def _plain_prediction(prediction: Prediction) -> dict[str, Any]:
    assert prediction.probabilities is not None
    assert prediction.card_probabilities is not None
    return {
        "image": prediction.source,
        "distances": dict(zip(prediction.suits, prediction.distances, strict=True)),
        "chosen": prediction.chosen,
        "chosen_cards": list(prediction.chosen_cards),
        "margin": prediction.margin,
        "verdict": prediction.verdict,
        "label": prediction.label,
        "probabilities": dict(zip(prediction.classes, map(float, prediction.probabilities), strict=True)),
        "cards": {
            card: dict(zip(prediction.classes, map(float, answer), strict=True))
            for card, answer in zip(prediction.cards, prediction.card_probabilities, strict=True)
        },
    }


def _tour_cards(workspace: Workspace) -> list[Card]:
    """Return the tour's cards: dense, then compressed, the newest of each."""
    names = {spec.recipe.name for spec in tour_specs()}
    found: dict[tuple[float, str], Card] = {}
    for card in workspace.cards(CardQuery(order="created", descending=False)):
        if card.recipe.name in names:
            found[card.sparsity, card.augmentation] = card
    return [found[key] for key in sorted(found)]


def _dealt(workspace: Workspace, cards: Sequence[Card]) -> Deck:
    ids = tuple(card.id for card in cards)
    same = [deck for deck in workspace.decks() if deck.name == DECK_NAME and deck.cards == ids]
    if not same:
        return workspace.deal(DECK_NAME, ids)
    workspace.submit_all(workspace.missing(same[0], SUITE))
    return same[0]


def _finish_all(workspace: Workspace, doing: str, watch: Watch) -> None:
    """Wait until no job is waiting or running, follow-ups included."""
    while True:
        jobs = workspace.jobs()
        watch(doing, jobs)
        failed = [job for job in jobs if job.state in (JobState.FAILED, JobState.CANCELLED)]
        if failed:
            raise UserError(f"job {failed[0].id} ({failed[0].name}) {failed[0].state}: {failed[0].error}")
        if all(job.state.ended for job in jobs):
            return
        workspace.ensure_host()
        time.sleep(_POLL_S)


def _save_images(workspace: Workspace, deck: Deck, out: Path) -> list[Path]:
    clean = workspace.samples(deck, count=IMAGE + 1)[IMAGE]
    noisy = workspace.samples(deck, CorruptionName.GAUSSIAN_NOISE, SEVERITY, count=IMAGE + 1)[IMAGE]
    paths = [out / "clean.png", out / "noisy.png"]
    for path, image in zip(paths, (clean, noisy), strict=True):
        write_atomically(path, encode_png(image))
    return paths
