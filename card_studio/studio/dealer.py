"""The dealer: a warm child that holds a deck's networks and answers class probabilities for previews.

Without cards it still makes pictures: corrupted, augmented, or rendered ones.

Started as `python -m card_studio.studio.dealer SIZE THREADS CARD_FILE ...`, never imported. It speaks the messages of
wire.py on stdin and stdout and ends when its client closes them:

    {"do": "probabilities"} + uint8 [N, 3, H, W]                         -> float32 [cards, N, classes]
    {"do": "corrupt", "name", "severity", "seed"} + uint8 [N, 3, H, W]   -> uint8 [N, 3, H, W]
    {"do": "augment", "options", "seed"} + uint8 [N, 3, H, W]            -> uint8 [N, 3, H, W]
    {"do": "render", "count", "seed"}                                    -> uint8 [count, 3, 32, 32]

An answer with "error" says why there is none.
"""

import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from card_studio.domain.names import CorruptionName
from card_studio.domain.options import AugmentationOptions
from card_studio.engine.warm_deck import WarmDeck
from card_studio.errors import UserError
from card_studio.studio.wire import receive, send

_AUGMENTATION: TypeAdapter[AugmentationOptions] = TypeAdapter(AugmentationOptions)


def answer(deck: WarmDeck, header: dict[str, Any], images: NDArray[np.uint8] | None) -> NDArray[Any]:
    """Return the array that a request asks for.

    Raises:
        ValueError: the request is none of those above, or lacks its images.
    """
    if header["do"] == "render":
        return deck.rendered(int(header["count"]), int(header["seed"]))
    if images is None:
        raise ValueError("a request carries images")
    if header["do"] == "corrupt":
        return deck.corrupted(images, CorruptionName(header["name"]), int(header["severity"]), int(header["seed"]))
    if header["do"] == "augment":
        return deck.augmented(images, _AUGMENTATION.validate_python(header["options"]), int(header["seed"]))
    return deck.probabilities(images)


def serve(deck: WarmDeck, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the client is gone."""
    while True:
        try:
            header, images = receive(requests)
        except EOFError:
            return
        try:
            send(answers, {"ok": True}, answer(deck, header, images))
        except (ValueError, RuntimeError, KeyError) as error:
            send(answers, {"error": f"{type(error).__name__}: {error}"})


def main() -> None:
    """Load the cards named on the command line and serve."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not corrupt the protocol
    size, threads, *files = sys.argv[1:]
    try:
        deck = WarmDeck([Path(file) for file in files], int(size), int(threads))
    except UserError as error:
        send(answers, {"error": str(error)})
        return
    send(answers, {"ready": True})
    serve(deck, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
