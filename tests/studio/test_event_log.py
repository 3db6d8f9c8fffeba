"""Reading a log that is still being written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_studio.domain.run import Logged
from card_studio.studio.event_log import read_events


def _lines(count: int) -> list[bytes]:
    return [Logged(text=f"line {index}").model_dump_json().encode() + b"\n" for index in range(count)]


@given(st.integers(0, 8), st.data())
def test_however_the_file_grows_each_event_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, count: int, data: st.DataObject
) -> None:
    whole = b"".join(_lines(count))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    seen: list[str] = []
    offset = 0
    for cut in (*cuts, len(whole)):
        path.write_bytes(whole[:cut])
        events, offset = read_events(path, offset)
        seen += [event.text for event in events if isinstance(event, Logged)]
    assert seen == [f"line {index}" for index in range(count)]
    assert offset == len(whole)


def test_no_log_yet(tmp_path: Path) -> None:
    assert read_events(tmp_path / "none", 0) == ([], 0)


def test_a_line_that_is_no_event_is_passed_over(tmp_path: Path) -> None:
    first, second = _lines(2)
    path = tmp_path / "events.jsonl"
    path.write_bytes(first + b"\0\0garbage\n" + second)
    events, offset = read_events(path, 0)
    assert len(events) == 2
    assert offset == path.stat().st_size
