"""How numbers and times are written: few figures, the unit left to the header."""

from datetime import UTC, datetime

NONE = "–"
"""Where there is no number."""
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage without its sign: 0.9123 is `91.2`."""
    return NONE if share is None or share != share else f"{100 * share:.{digits}f}"


def kilobytes(count: int | None) -> str:
    """Return bytes in kB (1,000 bytes) with one decimal and thousands apart: 123,456 is `123.5`."""
    return NONE if count is None else f"{count / 1000:,.1f}"


def duration(seconds: float | None) -> str:
    """Return a time span as people say it: `40 s`, `3 min`, `1 h 05`, `2 d 3 h`."""
    if seconds is None:
        return NONE
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < 10 * _MINUTE_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02d}"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S:02d}"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S} h"


def moment(at: datetime | None, now: datetime | None = None) -> str:
    """Return a time as local people would: the hour if it was today, else the day too."""
    if at is None:
        return NONE
    local = aware(at).astimezone()
    today = (now or datetime.now(UTC)).astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%d %b %H:%M}"


def aware(at: datetime) -> datetime:
    """Return a recorded time with its zone, which is UTC where none is written."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and its noun: `1 job`, `3 jobs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def spoken(name: str) -> str:
    """Return a field's or a member's name as words: `batch_size` is `Batch size`."""
    words = str(name).replace("_", " ")
    return words[:1].upper() + words[1:]
