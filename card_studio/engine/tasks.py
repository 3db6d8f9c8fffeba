"""Every kind of job and the generator that does it."""

from collections.abc import Callable
from typing import TypeVar

from card_studio.domain.job import (
    CorruptDataset,
    EvaluateCards,
    ExportCard,
    ExportDeck,
    ImportCards,
    JobKind,
    JobSpec,
    MakeCard,
    MapCards,
    PrepareGate,
)
from card_studio.engine.context import Context
from card_studio.engine.corrupt_set import corrupt_dataset
from card_studio.engine.evaluate import evaluate_cards
from card_studio.engine.export import export_deck
from card_studio.engine.export_card import export_card
from card_studio.engine.import_deck import import_file
from card_studio.engine.journal import EventStream
from card_studio.engine.make_card import make_card
from card_studio.engine.references import prepare_gate
from card_studio.engine.sensitivity import map_cards

Spec = TypeVar(
    "Spec", MakeCard, EvaluateCards, MapCards, PrepareGate, CorruptDataset, ImportCards, ExportCard, ExportDeck
)
Task = Callable[[JobSpec, Context], EventStream]


def _task(kind: type[Spec], work: Callable[[Spec, Context], EventStream]) -> Task:
    def run(spec: JobSpec, context: Context) -> EventStream:
        if not isinstance(spec, kind):
            raise TypeError(f"{spec.kind} is no {kind.__name__}")
        return work(spec, context)

    return run


TASKS: dict[JobKind, Task] = {
    JobKind.MAKE_CARD: _task(MakeCard, make_card),
    JobKind.EVALUATE: _task(EvaluateCards, evaluate_cards),
    JobKind.MAP: _task(MapCards, map_cards),
    JobKind.PREPARE_GATE: _task(PrepareGate, prepare_gate),
    JobKind.CORRUPT: _task(CorruptDataset, corrupt_dataset),
    JobKind.IMPORT: _task(ImportCards, import_file),
    JobKind.EXPORT: _task(ExportCard, export_card),
    JobKind.EXPORT_DECK: _task(ExportDeck, export_deck),
}
"""Called with a job's spec and context, a task yields what happens. It may be sent Command.SAVE at each yield, and then
saves a checkpoint of that point. If the context's checkpoint exists, it goes on from there."""
