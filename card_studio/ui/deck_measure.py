"""One click that measures cards: queues the evaluations and maps that they lack."""

from collections.abc import Sequence

from card_studio.domain.ids import CardId
from card_studio.domain.job import EvaluateCards, Job, JobSpec, MapCards, MapOptions, Suite
from card_studio.studio.workspace import Workspace
from card_studio.ui.card_face import Face


def queue_missing(workspace: Workspace, faces: Sequence[Face]) -> list[Job]:
    """Queue what these cards lack, the cards of one dataset together; for a thread.

    They are evaluated on the suite that other cards of their dataset have answered last, so that they can be compared
    and scored together; on the standard suite where there is none.
    """
    specs: list[JobSpec] = []
    for digest in dict.fromkeys(face.data_digest for face in faces):
        own = [face for face in faces if face.data_digest == digest and not face.queued]
        silent = tuple(CardId(face.id) for face in own if face.clean is None)
        unmapped = tuple(CardId(face.id) for face in own if face.picture is None)
        if silent:
            specs.append(EvaluateCards(cards=silent, suite=_suite_of(workspace, digest)))
        if unmapped:
            specs.append(MapCards(cards=unmapped, options=_options_of(workspace)))
    return workspace.submit_all(specs) if specs else []


def _suite_of(workspace: Workspace, digest: str) -> Suite:
    known = [each for each in workspace.evaluations() if each.data_digest == digest and each.suite.split == "test"]
    return max(known, key=lambda each: each.created_at).suite if known else Suite()


def _options_of(workspace: Workspace) -> MapOptions:
    """Return how other maps were measured: maps are compared side by side, so they are to be of one kind."""
    known = workspace.maps()
    return max(known, key=lambda each: each.created_at).options if known else MapOptions()
