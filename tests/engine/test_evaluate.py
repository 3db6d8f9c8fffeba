"""Evaluating cards: figures against a plain recount, resuming, sharing corrupted images, and refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from card_studio.domain.ids import CardId
from card_studio.domain.job import EvaluateCards, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.options import NpzData, ShapesData
from card_studio.domain.run import Advanced, AnyEvent, CardEvaluated, CellEvaluated, CheckpointSaved
from card_studio.engine import arithmetic
from card_studio.engine.card_file import card_net, load_card
from card_studio.engine.context import Command, Context
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.data.suites import SuiteImages
from card_studio.engine.evaluate import calibration_error, evaluate_cards
from card_studio.engine.loading import dataset_of, load_cards
from card_studio.errors import DataError, NotFoundError, UserError
from card_studio.files import content_path, read_array

SUITE = Suite(corruptions=(CorruptionName.CONTRAST, CorruptionName.GAUSSIAN_NOISE), severities=(1, 5))
MakeCardFile = Callable[..., CardId]


def lasting(events: list[AnyEvent]) -> list[AnyEvent]:
    return [event for event in events if isinstance(event, CellEvaluated | CardEvaluated)]


def without_times(event: AnyEvent) -> AnyEvent:
    return event.model_copy(update={"forward_s": 0, "corruption_s": 0}) if isinstance(event, CardEvaluated) else event


def test_accuracies_are_those_of_a_plain_recount(
    small_card: MakeCardFile, small_dataset: Dataset, context: Context
) -> None:
    card = small_card()
    events = lasting(list(evaluate_cards(EvaluateCards(cards=(card,), suite=SUITE), context)))
    result = events[-1]
    assert isinstance(result, CardEvaluated)
    assert list(result.cells) == events[:-1]
    net = card_net(load_card(context.cards / f"{card}.card"))
    images = SuiteImages(SUITE, small_dataset, context.cache)
    for index, cell in enumerate(result.cells):
        pixels = torch.from_numpy(np.array(images.images((cell.corruption, cell.severity))))
        with torch.no_grad():
            expected = net(pixels / 255).softmax(dim=1)
        stored = read_array(content_path(context.artifacts, result.probabilities))[index]
        assert stored.dtype == np.float16
        assert stored == pytest.approx(expected.numpy(), abs=1e-3)
        right = (expected.argmax(dim=1) == small_dataset.test.labels).float().mean()
        assert cell.accuracy == pytest.approx(float(right), abs=1e-6)
        assert cell.images == 30
    labels = read_array(content_path(context.artifacts, result.labels))
    assert labels.dtype == np.int64
    assert labels.tolist() == small_dataset.test.labels.tolist()


def test_a_job_saved_anywhere_goes_on_and_reports_each_result_once(small_card: MakeCardFile, context: Context) -> None:
    spec = EvaluateCards(cards=(small_card(0), small_card(1)), suite=SUITE)
    whole = [without_times(event) for event in lasting(list(evaluate_cards(spec, context)))]
    for stop_after in (0, 1, 4, len(whole) - 1, len(whole)):
        context.checkpoint.unlink(missing_ok=True)
        task = evaluate_cards(spec, context)
        before: list[AnyEvent] = [next(task)]
        while len(lasting(before)) < stop_after:
            before.append(next(task))
        assert isinstance(task.send(Command.SAVE), CheckpointSaved)
        task.close()
        after = list(evaluate_cards(spec, context))
        assert [without_times(event) for event in lasting(before + after)] == whole


def test_corrupted_images_are_made_once_and_answers_are_reused(small_card: MakeCardFile, context: Context) -> None:
    first, second = small_card(0), small_card(1)
    list(evaluate_cards(EvaluateCards(cards=(first,), suite=SUITE), context))
    kept = {path: path.stat().st_mtime_ns for path in context.cache.rglob("*.npy")}
    events = list(evaluate_cards(EvaluateCards(cards=(first, second), suite=SUITE), context))
    results = [event for event in events if isinstance(event, CardEvaluated)]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert results[0].forward_s == 0 < results[1].forward_s
    assert results[1].corruption_s == 0


def test_an_interrupted_cell_leaves_nothing_half_written(small_card: MakeCardFile, context: Context) -> None:
    task = evaluate_cards(EvaluateCards(cards=(small_card(),), suite=SUITE), context)
    for event in task:
        if isinstance(event, CellEvaluated):
            break
    task.close()
    assert not list(context.cache.rglob("*.part"))
    assert not list(context.artifacts.rglob("*.npy"))


def test_progress_rises_to_one(small_card: MakeCardFile, context: Context) -> None:
    events = list(evaluate_cards(EvaluateCards(cards=(small_card(),), suite=SUITE), context))
    shown = [event.progress for event in events if isinstance(event, Advanced)]
    assert shown == sorted(shown)
    assert shown[-1] == 1


def test_a_missing_card_is_named(context: Context) -> None:
    with pytest.raises(NotFoundError, match="no such card file"):
        list(evaluate_cards(EvaluateCards(cards=(CardId("0" * 64),)), context))


def test_cards_of_two_datasets_are_refused(small_card: MakeCardFile, context: Context) -> None:
    ids = (small_card(0), small_card(1, digest="f" * 64))
    with pytest.raises(DataError, match="in a job of their own"):
        list(evaluate_cards(EvaluateCards(cards=ids, suite=SUITE), context))


def test_a_dataset_that_has_changed_is_refused(small_card: MakeCardFile, context: Context) -> None:
    card = small_card(0, digest="f" * 64)
    with pytest.raises(DataError, match="not the one that card"):
        list(evaluate_cards(EvaluateCards(cards=(card,), suite=SUITE), context))


def test_a_dataset_that_has_moved_is_found(
    small_card: MakeCardFile, small_data: NpzData, context: Context, tmp_path: Path
) -> None:
    card = small_card()
    moved = small_data.path.rename(tmp_path / "moved.npz")
    spec = EvaluateCards(cards=(card,), suite=Suite(corruptions=()), data_path=moved)
    assert isinstance(list(evaluate_cards(spec, context))[-1], CardEvaluated)
    lost = EvaluateCards(cards=(card,), suite=Suite(corruptions=()))
    with pytest.raises(DataError):
        list(evaluate_cards(lost, context))


def test_the_embedded_dataset_has_no_path(small_card: MakeCardFile, context: Context, tmp_path: Path) -> None:
    (card,) = load_cards([small_card()], context)
    content = card.content
    embedded = content.recipe.model_copy(update={"data": ShapesData()})
    object.__setattr__(content, "recipe", embedded)
    with pytest.raises(DataError, match="leave out the data path"):
        next(dataset_of([card], tmp_path, context))


def test_bfloat16_has_answers_of_its_own_on_the_same_corrupted_images(
    small_card: MakeCardFile, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arithmetic, "gains_from_bfloat16", lambda _device: True)
    card = small_card()
    results = {}
    for precision in ("float32", "bfloat16"):
        suite = SUITE.model_copy(update={"precision": precision})
        results[precision] = list(evaluate_cards(EvaluateCards(cards=(card,), suite=suite), context))[-1]
    exact, rough = results["float32"], results["bfloat16"]
    assert isinstance(exact, CardEvaluated)
    assert isinstance(rough, CardEvaluated)
    assert rough.suite.precision == "bfloat16"
    assert rough.suite_key != exact.suite_key
    assert rough.corruption_s == 0 < exact.corruption_s, "the images are the same ones"
    answers = [read_array(content_path(context.artifacts, each.probabilities)) for each in (exact, rough)]
    assert 0 < np.abs(answers[0].astype(np.float32) - answers[1]).max() < 0.05


def test_bfloat16_is_refused_where_the_machine_lacks_it(
    small_card: MakeCardFile, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True, "avx512_bf16": False})
    suite = SUITE.model_copy(update={"precision": "bfloat16"})
    with pytest.raises(UserError, match="no bfloat16 instructions: choose precision float32"):
        list(evaluate_cards(EvaluateCards(cards=(small_card(),), suite=suite), context))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True, "avx512_bf16": True})
    assert arithmetic.gains_from_bfloat16(context.device)


def test_opening_the_images_tells_how_far_it_is(small_card: MakeCardFile, context: Context) -> None:
    (card,) = load_cards([small_card()], context)
    embedded = card.content.recipe.model_copy(update={"data": ShapesData(train_images=1500, held_out_images=20)})
    object.__setattr__(card.content, "recipe", embedded)
    told: list[AnyEvent] = []
    with pytest.raises(DataError, match="not the one that card"):
        for event in dataset_of([card], None, context):
            told.append(event)
    assert any("opening the images: 40 %" in getattr(event, "text", "") for event in told)


def test_calibration_error_by_hand() -> None:
    # three images at .9 of which two are right, one at .6 and right: (3 |2/3 - .9| + 1 |1 - .6|) / 4
    answers = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.6, 0.4]], np.float32)
    labels = np.array([0, 0, 0, 0])
    assert calibration_error(answers, labels) == pytest.approx((3 * abs(2 / 3 - 0.9) + 0.4) / 4, abs=1e-6)


def test_a_sure_and_right_card_is_calibrated() -> None:
    assert calibration_error(np.eye(3, dtype=np.float32), np.arange(3)) == 0
    assert calibration_error(np.eye(3, dtype=np.float32), np.roll(np.arange(3), 1)) == 1
