"""Types of identifiers, so that a job's number is never taken for a run's."""

from typing import NewType

JobId = NewType("JobId", int)
RunId = NewType("RunId", int)
DeckId = NewType("DeckId", int)
CardId = NewType("CardId", str)
"""SHA-256 of the card file's identity section, 64 hexadecimal digits."""
ContentHash = NewType("ContentHash", str)
"""SHA-256 of a stored file's bytes."""
Fingerprint = NewType("Fingerprint", str)
"""SHA-256 of everything that determines a result."""

SHORT_LENGTH = 8


def short(identifier: str) -> str:
    """Return the first characters of a hash, as shown to people and accepted from them."""
    return identifier[:SHORT_LENGTH]
