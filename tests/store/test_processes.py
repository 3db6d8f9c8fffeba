"""Several processes on one workspace: no job is run twice, and a writer that is killed loses and doubles nothing."""

import json
import signal
import subprocess
import sys

import pytest

from card_studio.domain.job import JobState, MakeCard
from card_studio.domain.recipe import Recipe
from card_studio.store.ledger import Ledger

CLAIMER = """
import sys
from pathlib import Path
from card_studio.store.database import open_database
from card_studio.store.ledger import Ledger
database = open_database(Path(sys.argv[1]))
ledger = Ledger(database)
print("ready", flush=True)
sys.stdin.readline()
while (claim := ledger.claim("bench")) is not None:
    print(claim.job.id, flush=True)
database.close()
"""

WRITER = """
import os, signal, sys
from pathlib import Path
from card_studio.domain.run import EVENT
from card_studio.store.database import open_database
from card_studio.store.ledger import Ledger

class Deadly(list):
    "Events among which the process is killed."
    def __iter__(self):
        for number, event in enumerate(list.__iter__(self)):
            if number == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            yield event

folder, run_id, dies_at = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
log = (folder / "events.jsonl").read_bytes()
ledger = Ledger(open_database(folder))
offset = ledger.offset(run_id)
events = Deadly(EVENT.validate_json(line) for line in log[offset:].splitlines())
ledger.ingest(run_id, events, offset=len(log))
ledger._database.close()
"""


def start(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_processes_that_claim_at_once_never_get_the_same_job(database, ledger):
    ids = [job.id for job in ledger.add_all([MakeCard(recipe=Recipe(seed=seed)) for seed in range(40)])]
    claimers = [start(CLAIMER, database.folder) for _ in range(2)]
    for each in claimers:
        assert each.stdout.readline() == "ready\n"
    for each in claimers:
        each.stdin.write("go\n")
        each.stdin.flush()
    taken = [[int(line) for line in each.communicate()[0].split()] for each in claimers]
    assert all(each.returncode == 0 for each in claimers)
    assert sorted(taken[0] + taken[1]) == ids
    assert taken[0] == sorted(taken[0])
    assert {job.attempt for job in ledger.jobs(states=(JobState.RUNNING,))} == {1}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_a_writer_killed_among_its_events_loses_and_doubles_nothing(database, ledger, library, make):
    job = ledger.add(MakeCard(recipe=Recipe(), then_evaluate=make.SUITE))
    run = ledger.claim("bench").run
    events = [make.card_made(1), make.step(1), make.card_evaluated(1), make.step(2), make.card_made(2)]
    lines = [json.dumps(event.model_dump(mode="json")) + "\n" for event in events]
    log = database.folder / "events.jsonl"
    log.write_text("".join(lines[:4]))
    for dies_at in (1, 3):  # after a card was written, and after an evaluation was
        writer = start(WRITER, database.folder, run.id, dies_at)
        writer.communicate()
        assert writer.returncode == -signal.SIGKILL
        assert (library.count(), ledger.offset(run.id), len(ledger.jobs())) == (0, 0, 1)
    for text in (lines[:4], lines):  # all of it; then what came later
        log.write_text("".join(text))
        writer = start(WRITER, database.folder, run.id, -1)
        writer.communicate()
        assert writer.returncode == 0
    assert [step.step for step in Ledger(database).steps(job.id)] == [1, 2]
    assert (library.count(), len(library.evaluations()), len(ledger.jobs())) == (2, 1, 3)
    assert ledger.offset(run.id) == len("".join(lines))


def test_threads_may_share_one_ledger(ledger):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda seed: ledger.add(MakeCard(recipe=Recipe(seed=seed))), range(24)))
        claims = list(pool.map(lambda _: ledger.claim("bench"), range(30)))
        lists = list(pool.map(lambda _: ledger.jobs(), range(8)))
    assert len({job.position for job in jobs}) == 24
    assert sorted(claim.job.id for claim in claims if claim) == sorted(job.id for job in jobs)
    assert all(len(each) == 24 for each in lists)
