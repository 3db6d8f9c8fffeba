"""Fetches a picture from the web, for one who drops or pastes its address."""

import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from card_studio.errors import UserError

MOST_BYTES = 32 << 20
_TIMEOUT_S = 5.0
"""Of each answer; all in all twice as much: whoever closes the window waits for it."""
_PIECE_BYTES = 1 << 16
_INSTEAD = "save the image and drop the file"


def fetched(address: str) -> bytes:
    """Return what lies at an http or https address, at most 32 MiB of it, within some seconds.

    Raises:
        UserError: it is another kind of address, there is no answer, or it is too large.
    """
    if not address.startswith(("http://", "https://")):
        raise UserError(f"{address}: not a web address: {_INSTEAD}")
    request = Request(address, headers={"User-Agent": "card-studio", "Accept": "image/*"})
    deadline = time.monotonic() + 2 * _TIMEOUT_S
    found = bytearray()
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:
            while piece := answer.read1(_PIECE_BYTES):
                found += piece
                if len(found) > MOST_BYTES:
                    raise UserError(f"{address}: over {MOST_BYTES >> 20} MiB: {_INSTEAD}")
                if time.monotonic() > deadline:
                    raise TimeoutError("it takes too long")
    except HTTPError as error:
        raise UserError(f"{address}: the server says {error.code} {error.reason}: {_INSTEAD}") from error
    except (OSError, HTTPException, ValueError) as error:  # a URLError is an OSError and says why in `reason`
        raise UserError(f"{address}: cannot be fetched ({getattr(error, 'reason', error)}): {_INSTEAD}") from error
    return bytes(found)
