"""The ledger: what may become of a job, what a run reports, and that nothing is lost or doubled."""

import math
from datetime import UTC, datetime

import pytest

from card_studio.domain.ids import JobId
from card_studio.domain.job import EvaluateCards, JobState, MakeCard, MapCards, MapOptions, Request
from card_studio.domain.options import Lrr
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import (
    Advanced,
    CellEvaluated,
    CheckpointSaved,
    DatasetOpened,
    EpochFinished,
    LevelFinished,
    Logged,
    Outcome,
    PhaseStarted,
)
from card_studio.errors import NotFoundError
from card_studio.store.queue_order import next_in_line

Q, P, R = JobState.QUEUED, JobState.PAUSED, JobState.RUNNING


def recipes(count):
    return [MakeCard(recipe=Recipe(seed=seed)) for seed in range(count)]


def order(ledger):
    return [job.id for job in ledger.jobs()]


def test_a_job_comes_back_as_it_was_given(ledger):
    spec = MakeCard(recipe=Recipe(seed=5, compression=Lrr(also_keep=(0.0,))), then_map=MapOptions(images=8))
    job = ledger.add(spec, name="mine", priority=2, state=P)
    assert (job.spec, job.name, job.priority, job.state, job.attempt) == (spec, "mine", 2, P, 0)
    assert ledger.job(job.id) == job
    assert ledger.add(spec).name == spec.recipe.title
    with pytest.raises(ValueError, match="queued or paused"):
        ledger.add(spec, state=R)


def test_what_does_not_exist_is_said_and_changes_nothing(ledger):
    job = ledger.add(recipes(1)[0])
    for call in (
        lambda: ledger.job(9),
        lambda: ledger.runs(9),
        lambda: ledger.request([job.id, 9], Request.CANCEL),
        lambda: ledger.requeue([9]),
        lambda: ledger.forget([9]),
        lambda: ledger.move([job.id], 9),
        lambda: ledger.set_priority([9], 1),
        lambda: ledger.offset(9),
        lambda: ledger.ingest(9, [], offset=1),
        lambda: ledger.end(9, Outcome.FINISHED),
    ):
        with pytest.raises(NotFoundError, match="9"):
            call()
    assert ledger.jobs() == [job]


def test_jobs_are_listed_running_paused_queued_ended(ledger):
    ids = [job.id for job in ledger.add_all(recipes(7))]
    first, second = ledger.claim("bench"), ledger.claim("bench")
    ledger.end(first.run.id, Outcome.FINISHED)
    ledger.end(ledger.claim("bench").run.id, Outcome.FAILED, "no")
    ledger.request([ids[4]], Request.PAUSE)
    ledger.set_priority([ids[6]], 1)
    assert order(ledger) == [second.job.id, ids[4], ids[6], ids[3], ids[5], ids[2], ids[0]]
    assert [job.id for job in ledger.jobs(states=(Q, P))] == [ids[4], ids[6], ids[3], ids[5]]
    assert ledger.jobs(states=()) == []


def test_the_queue_is_the_lists_beginning_with_the_count_of_each_state(ledger):
    ids = [job.id for job in ledger.add_all(recipes(7))]
    ledger.end(ledger.claim("bench").run.id, Outcome.FINISHED)
    ledger.forget([ids[0]])
    ledger.end(ledger.claim("bench").run.id, Outcome.FAILED, "no")
    ledger.claim("bench")
    ledger.request([ids[4]], Request.PAUSE)
    jobs, counts = ledger.queue(3)
    assert jobs == ledger.jobs()[:3]
    assert counts == {state: len(ledger.jobs(states=(state,))) for state in JobState}
    assert ledger.queue(99) == (ledger.jobs(), counts)
    assert ledger.queue(0) == ([], counts)


def test_a_moved_job_takes_the_priority_of_where_it_lands(ledger):
    a, b, c, d = (job.id for job in ledger.add_all(recipes(4)))
    ledger.set_priority([a], 5)
    ledger.move([d, b], a)
    assert order(ledger) == [d, b, a, c]
    assert [job.priority for job in ledger.jobs()] == [5, 5, 5, 0]
    ledger.move([d], None)
    assert order(ledger) == [b, a, c, d]
    assert ledger.job(d).priority == 0
    ledger.move([b, a], a)  # before itself: before whatever follows
    assert order(ledger) == [b, a, c, d]


def test_positions_are_spaced_anew_when_they_get_tight(ledger):
    first, *others = (job.id for job in ledger.add_all(recipes(4)))
    last = others[-1]
    for turn in range(200):  # each move halves the gap before `last`: doubles alone would give out after fifty
        ledger.move([others[turn % 2]], last)
        assert order(ledger) == [first, others[(turn + 1) % 2], others[turn % 2], last]
    assert len({job.position for job in ledger.jobs()}) == 4


def test_a_claim_begins_an_attempt_with_its_seed(ledger):
    ledger.add(MakeCard(recipe=Recipe(seed=77)))
    claim = ledger.claim("bench")
    assert (claim.job.state, claim.job.attempt, claim.run.attempt, claim.run.seed) == (R, 1, 1, 77)
    assert ledger.runs(claim.job.id) == [claim.run]
    assert ledger.claim("bench") is None


def test_a_pause_and_a_cancel(ledger):
    running, queued = ledger.add_all(recipes(2))
    claim = ledger.claim("bench")
    assert claim.job.id == running.id
    asked = ledger.request([running.id, queued.id], Request.PAUSE)
    assert [(job.state, job.request) for job in asked] == [(R, Request.PAUSE), (P, None)]
    assert ledger.request([running.id], None)[0].request is None
    ledger.request([running.id, queued.id], Request.CANCEL)
    assert ledger.job(queued.id).state is JobState.CANCELLED
    ended = ledger.end(claim.run.id, Outcome.CANCELLED)
    assert (ended.state, ended.request, ended.ended_at is not None) == (JobState.CANCELLED, None, True)
    assert [job.state for job in ledger.requeue([running.id, queued.id])] == [Q, Q]
    assert ledger.claim("bench").job.id == running.id
    assert ledger.claim("bench").job.id == queued.id


def test_a_forgotten_job_leaves_the_list_but_not_the_record(ledger):
    done, waiting = ledger.add_all(recipes(2))
    ledger.end(ledger.claim("bench").run.id, Outcome.FAILED, "broken")
    ledger.forget([done.id, waiting.id])
    assert order(ledger) == [waiting.id]
    assert ledger.job(done.id).error == "broken"
    ledger.requeue([done.id])
    assert order(ledger) == [done.id, waiting.id]


# --- ends -----------------------------------------------------------------------------------------------------------


def lose(ledger, *events):
    claim = ledger.claim("bench")
    ledger.ingest(claim.run.id, events, offset=len(events))
    return ledger.end(claim.run.id, Outcome.LOST, "killed")


def test_the_third_loss_in_a_row_fails_a_job_and_a_retry_forgives(ledger):
    job = ledger.add(recipes(1)[0])
    assert [lose(ledger).state for _ in range(3)] == [Q, Q, JobState.FAILED]
    assert "3 times in a row: killed" in ledger.job(job.id).error
    assert [run.outcome for run in ledger.runs(job.id)] == [Outcome.LOST] * 3
    retried = ledger.requeue([job.id])[0]
    assert (retried.state, retried.error) == (Q, "")
    assert lose(ledger).state is Q


def test_a_loss_after_something_new_was_saved_is_not_in_a_row(ledger):
    ledger.add(recipes(1)[0])
    now = datetime.now(UTC).timestamp() + 10
    states = [lose(ledger, CheckpointSaved(at=now)).state for _ in range(4)]
    assert states == [Q] * 4
    old = CheckpointSaved(at=1000.0)  # repeated from an earlier attempt's log: nothing new
    assert [lose(ledger, old).state for _ in range(2)] == [Q, JobState.FAILED]


@pytest.mark.parametrize(("request_", "state"), [(Request.CANCEL, JobState.CANCELLED), (Request.PAUSE, P)])
def test_a_lost_run_honours_what_was_asked(ledger, request_, state):
    job = ledger.add(recipes(1)[0])
    claim = ledger.claim("bench")
    ledger.request([job.id], request_)
    assert ledger.end(claim.run.id, Outcome.LOST).state is state


def test_an_end_is_recorded_once(ledger):
    ledger.add(recipes(1)[0])
    claim = ledger.claim("bench")
    ledger.end(claim.run.id, Outcome.FAILED, "first", "Traceback")
    again = ledger.end(claim.run.id, Outcome.FINISHED)
    assert (again.state, again.error) == (JobState.FAILED, "first")
    run = ledger.runs(claim.job.id)[0]
    assert (run.outcome, run.error, run.report) == (Outcome.FAILED, "first", "Traceback")


# --- events ---------------------------------------------------------------------------------------------------------


def test_reports_come_back_as_they_were_sent(ledger, told, make):
    steps = [make.step(1), make.step(2, loss=math.nan)]
    epoch = EpochFinished(at=2.0, step=2, epoch=1.0, level=0, validation_loss=0.5, validation_accuracy=0.75)
    level = LevelFinished(at=3.0, level=0, levels=2, sparsity=0.0, validation_accuracy=0.8, reused=True)
    cells = make.card_evaluated(1).cells
    claim = told(
        make.run_started(device="cuda:0"),
        DatasetOpened(
            label="shapes", digest="d", classes=("a",), train_images=1, validation_images=1, test_images=1,
            fingerprint="f",
        ),
        PhaseStarted(at=1.0, text="level 1 of 2"),
        *steps, epoch, level, *cells,
        Logged(at=4.0, text="half way"),
        Advanced(progress=0.5, eta_s=12.0),
    )  # fmt: skip
    job, (run,) = ledger.job(claim.job.id), ledger.runs(claim.job.id)
    assert (job.progress, job.eta_s, job.phase, job.device) == (0.5, 12.0, "level 1 of 2", "cuda:0")
    assert (run.environment, run.fingerprint) == (make.run_started(device="cuda:0").environment, "f")
    assert ledger.environments({job.id, JobId(99)}) == {job.id: run.environment}
    assert ledger.environments(set()) == {}
    first, second = ledger.steps(job.id)
    assert first == steps[0]
    assert (second.step, math.isnan(second.loss)) == (2, True)
    assert ledger.steps(job.id, 1)[0].step == 2
    assert ledger.epochs(job.id) == [epoch]
    assert ledger.levels(job.id) == [level]
    assert ledger.cells(job.id) == list(cells)
    assert ledger.log(job.id) == [(1.0, "level 1 of 2"), (4.0, "half way")]
    history = ledger.history(job.id, after_step=2)
    assert (history.steps, history.epochs, history.levels, history.cells) == ((), (epoch,), (level,), cells)


def test_events_already_in_the_database_are_not_written_again(ledger, told):
    claim = told(Logged(text="one"))
    assert ledger.offset(claim.run.id) == 1
    assert ledger.ingest(claim.run.id, [Logged(text="one")], offset=1)
    assert ledger.ingest(claim.run.id, [Logged(text="two")], offset=2)
    assert ledger.ingest(claim.run.id, [Logged(text="one")], offset=1)
    assert [text for _, text in ledger.log(claim.job.id)] == ["one", "two"]


def test_an_older_attempt_and_an_ended_one_are_refused(ledger, told):
    claim = told(Logged(text="first"))
    ledger.end(claim.run.id, Outcome.LOST)
    assert not ledger.ingest(claim.run.id, [Logged(text="ghost")], offset=99)
    second = ledger.claim("bench")
    assert not ledger.ingest(claim.run.id, [Logged(text="ghost"), Advanced(progress=1)], offset=99)
    assert ledger.end(claim.run.id, Outcome.FINISHED).state is R
    assert ledger.offset(claim.run.id) == 1
    assert [text for _, text in ledger.log(claim.job.id)] == ["first"]  # until the second has said something
    assert ledger.ingest(second.run.id, [Logged(text="second")], offset=5)
    assert [text for _, text in ledger.log(claim.job.id)] == ["second"]


def test_events_that_fail_halfway_leave_nothing(ledger, library, told, make, monkeypatch):
    def fail(*_arguments):
        raise RuntimeError("halfway")

    claim = told(Logged(text="one"))
    monkeypatch.setattr("card_studio.store.keeping.keep_map", fail)
    events = [make.card_made(1), make.step(1), make.map_measured(1, "a" * 64)]
    with pytest.raises(RuntimeError):
        ledger.ingest(claim.run.id, events, offset=2)
    assert (ledger.offset(claim.run.id), ledger.steps(claim.job.id), library.count()) == (1, [], 0)


def test_results_of_a_card_that_is_not_here_are_logged_and_left_out(ledger, library, told, make):
    claim = told(make.card_evaluated(1), make.map_measured(1, "a" * 64), make.step(1))
    assert (library.evaluations(), len(ledger.steps(claim.job.id))) == ([], 1)
    assert all("not kept" in text for _, text in ledger.log(claim.job.id))


# --- follow-ups -----------------------------------------------------------------------------------------------------


def follow_ups(ledger):
    return [job for job in ledger.jobs() if not isinstance(job.spec, MakeCard)]


def test_each_card_is_evaluated_and_mapped_exactly_once(ledger, told, make):
    spec = MakeCard(recipe=Recipe(), then_evaluate=make.SUITE, then_map=MapOptions(images=8))
    claim = told(make.card_made(1), make.card_made(2), spec=spec)
    wanted = [EvaluateCards(cards=(make.card_id(n),), suite=make.SUITE) for n in (1, 2)]
    wanted += [MapCards(cards=(make.card_id(n),), options=MapOptions(images=8)) for n in (1, 2)]
    queued = follow_ups(ledger)
    assert sorted(map(repr, wanted)) == sorted(repr(job.spec) for job in queued)
    assert {job.priority for job in queued} == {claim.job.priority}
    ledger.request([queued[0].id], Request.CANCEL)  # what someone cancelled is not brought back by a new attempt
    ledger.end(claim.run.id, Outcome.LOST)
    again = ledger.claim("bench")
    assert again.job.id == claim.job.id
    ledger.ingest(again.run.id, [make.card_made(1), make.card_made(2), make.card_made(3)], offset=9)
    assert len(follow_ups(ledger)) == 6


def test_a_card_that_two_jobs_make_is_evaluated_once(ledger, told, make):
    spec = MakeCard(recipe=Recipe(), then_evaluate=make.SUITE)
    told(make.card_made(0), spec=spec)
    told(make.card_made(0), spec=spec)
    (job,) = follow_ups(ledger)
    ledger.request([job.id], Request.CANCEL)
    told(make.card_made(0), spec=spec)
    assert [job.state for job in follow_ups(ledger)] == [Q, JobState.CANCELLED]


# --- hosts ----------------------------------------------------------------------------------------------------------


def test_the_host_is_the_last_that_registered_and_has_not_left(ledger):
    assert ledger.host() is None
    ledger.register_host(7, 100.5, "bench", 2)
    ledger.register_host(8, 200.5, "bench", 3)
    ledger.add(recipes(1)[0])
    ledger.claim("bench")
    host = ledger.host()
    assert (host.pid, host.process_started_at, host.machine, host.workers, host.running) == (8, 200.5, "bench", 3, 1)
    ledger.leave(8)
    assert ledger.host() is None


def test_claiming_from_a_long_queue_reads_an_index_not_the_specs(database, ledger):
    ledger.add_all(recipes(3))
    query = next_in_line().compile(dialect=database._engine.dialect, compile_kwargs={"literal_binds": True})
    with database.session() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert "COVERING INDEX ix_jobs_state_priority_position" in plan[0][3]


def test_a_cell_of_the_clean_images_keeps_its_place(ledger, told, make):
    cell = CellEvaluated(card=make.card_id(1), corruption=None, severity=0, accuracy=0.9, images=10)
    claim = told(cell, cell)
    assert ledger.cells(claim.job.id) == [cell]
