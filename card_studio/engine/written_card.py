"""What a trained level becomes: the content of a card file, and the event that says all that is known of it."""

from collections.abc import Mapping
from importlib.metadata import version

from torch import Tensor

from card_studio.domain.options import ValueType
from card_studio.domain.recipe import Recipe, fingerprint, sparsity_text, target_sparsity
from card_studio.domain.run import CardMade, Logged
from card_studio.engine.card_content import CardContent, SavedCard
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.trajectory import Level

_PACKAGES = ("card-studio", "torch", "numpy")


def card_content(level: Level, recipe: Recipe, dataset: Dataset, state: Mapping[str, Tensor]) -> CardContent:
    """Return what is to be written; name and notes stay out, so that equal cards have equal files.

    Args:
        level: the trained level.
        recipe: the card's own, which may end earlier than the job's.
        dataset: what it was trained on.
        state: the plain network's state dict on the CPU, absent weights exactly 0.
    """
    return CardContent(
        recipe=recipe.model_copy(update={"name": "", "notes": ""}),
        fingerprint=fingerprint(recipe, dataset.digest),
        classes=dataset.classes,
        size=dataset.size,
        mean=dataset.mean,
        std=dataset.std,
        data_label=dataset.label,
        data_digest=dataset.digest,
        level=level.number,
        total_epochs=level.total_epochs,
        state=state,
        packages={name: version(name) for name in _PACKAGES},
        values=recipe.values,
    )


def rounding_told(values: ValueType, exact: float, stored: float, *, before: ValueType = "float32") -> Logged:
    """Return what storing rounded values has done to a network.

    Args:
        values: how they are stored.
        exact: validation accuracy with the values as they were.
        stored: that of the network loaded from its file.
        before: how the values were stored until now.
    """
    change = f"{100 * (stored - exact):+.2f} points against {before} ({100 * exact:.2f} %)"
    return Logged(text=f"stored as {values}: validation accuracy {100 * stored:.2f} %, {change}")


def card_name(recipe: Recipe, job: Recipe) -> str:
    """Return what a card is called: as its job, and if it was kept on the way, with its own sparsity.

    Args:
        recipe: the card's own.
        job: the job's.
    """
    sparsity = target_sparsity(recipe)
    if not job.name or sparsity == target_sparsity(job):
        return recipe.title
    return f"{job.name} · {sparsity_text(sparsity)}" if sparsity else f"{job.name} · dense"


def card_made(
    content: CardContent, saved: SavedCard, *, recipe: Recipe, name: str, validation_accuracy: float
) -> CardMade:
    """Return the event that a card is there.

    Args:
        content: what was written.
        saved: what was measured in writing it.
        recipe: the card's own, with name and notes.
        name: what it is called.
        validation_accuracy: of the network loaded from its file.
    """
    return CardMade(
        card=saved.id,
        name=name,
        recipe=recipe,
        fingerprint=content.fingerprint,
        data_label=content.data_label,
        data_digest=content.data_digest,
        classes=content.classes,
        size=content.size,
        sparsity=saved.sparsity,
        prunable_weights=saved.prunable_weights,
        kept_weights=saved.kept_weights,
        parameters=saved.parameters,
        binary=saved.binary,
        file_bytes=saved.file_bytes,
        reference_bytes=saved.reference_bytes,
        level=content.level,
        total_epochs=content.total_epochs,
        validation_accuracy=validation_accuracy,
    )
