"""A card written elsewhere in fewer bits a weight, with what that does to its accuracy."""

from collections.abc import Iterator
from dataclasses import replace

from card_studio.domain.job import ExportCard
from card_studio.domain.recipe import fingerprint
from card_studio.domain.run import AnyEvent, CardExported, Logged, PhaseStarted
from card_studio.engine.card_content import CardContent
from card_studio.engine.card_file import CARD_SUFFIX, load_card, save_card
from card_studio.engine.context import Context
from card_studio.engine.resume import resumable
from card_studio.engine.validating import own_dataset, validation_accuracy
from card_studio.engine.written_card import rounding_told


@resumable
def export_card(spec: ExportCard, context: Context) -> Iterator[AnyEvent]:
    """Write the file, answer the card's own validation images before and after, and tell the change.

    What is written is another card: its values are rounded, and its recipe says so.

    Raises:
        CardFileError: the card's file is missing or damaged, or it has weights that cannot be rounded.
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    yield PhaseStarted(text=f"writing {spec.out.name}")
    content = load_card(context.cards / f"{spec.card}{CARD_SUFFIX}")
    saved = save_card(_rounded(content, spec), spec.out)
    exact = stored = None
    dataset, reason = yield from own_dataset(content, context)
    if dataset is None:
        yield Logged(text=f"what storing as {spec.values} changes is not known: {reason}")
    else:
        exact = yield from validation_accuracy(content, dataset, context)
        stored = yield from validation_accuracy(load_card(spec.out), dataset, context)
        yield rounding_told(spec.values, exact, stored, before=content.values)
    yield CardExported(
        card=saved.id,
        path=spec.out,
        values=spec.values,
        file_bytes=saved.file_bytes,
        reference_bytes=saved.reference_bytes,
        exact_accuracy=exact,
        stored_accuracy=stored,
    )


def _rounded(content: CardContent, spec: ExportCard) -> CardContent:
    recipe = content.recipe.model_copy(update={"values": spec.values})
    return replace(content, recipe=recipe, fingerprint=fingerprint(recipe, content.data_digest), values=spec.values)
