"""An attempt takes over exactly the log that belongs to its predecessor's checkpoint, wherever a crash fell."""

from pathlib import Path

from card_studio.studio.attempt import Attempt, attempt_folder


def _attempt(folder: Path, log: bytes = b"") -> Attempt:
    folder.mkdir()
    attempt = Attempt(folder)
    attempt.events.write_bytes(log)
    return attempt


def test_without_a_checkpoint_everything_starts_anew(tmp_path: Path) -> None:
    first = _attempt(tmp_path / "1", b"one\ntwo\n")
    first.announce_checkpoint(4)  # died before the checkpoint was written
    second = _attempt(tmp_path / "2")
    second.take_over(first)
    assert second.events.read_bytes() == b""
    assert not second.checkpoint.exists()


def test_the_log_is_cut_at_the_checkpoint(tmp_path: Path) -> None:
    first = _attempt(tmp_path / "1", b"one\ntwo\nthree\n")
    first.announce_checkpoint(8)
    first.checkpoint.write_bytes(b"state")
    first.confirm_checkpoint(8)
    second = _attempt(tmp_path / "2")
    second.take_over(first)
    assert second.events.read_bytes() == b"one\ntwo\n"
    assert second.checkpoint.read_bytes() == b"state"
    assert second.mark() == 8


def test_a_crash_between_checkpoint_and_mark_keeps_the_new_pair(tmp_path: Path) -> None:
    first = _attempt(tmp_path / "1", b"one\ntwo\nthree\n")
    first.announce_checkpoint(4)
    first.checkpoint.write_bytes(b"old")
    first.confirm_checkpoint(4)
    first.announce_checkpoint(8)
    first.checkpoint.write_bytes(b"newer")  # and then it died
    assert first.mark() == 8


def test_a_crash_before_the_new_checkpoint_keeps_the_old_pair(tmp_path: Path) -> None:
    first = _attempt(tmp_path / "1", b"one\ntwo\nthree\n")
    first.announce_checkpoint(4)
    first.checkpoint.write_bytes(b"old")
    first.confirm_checkpoint(4)
    first.announce_checkpoint(8)  # and then it died
    assert first.mark() == 4


def test_a_third_attempt_goes_on_from_what_the_second_took_over(tmp_path: Path) -> None:
    first = _attempt(tmp_path / "1", b"one\ntwo\n")
    first.announce_checkpoint(4)
    first.checkpoint.write_bytes(b"state")
    first.confirm_checkpoint(4)
    second = _attempt(tmp_path / "2")
    second.take_over(first)
    third = _attempt(tmp_path / "3")
    third.take_over(second)
    assert third.events.read_bytes() == b"one\n"


def test_folders_are_numbered_by_job_and_attempt(tmp_path: Path) -> None:
    assert attempt_folder(tmp_path, 3, 2).folder == tmp_path / "runs" / "3" / "attempt-2"
