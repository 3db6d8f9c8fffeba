"""The dealer: a warm child that holds a deck's networks and answers class probabilities for previews.

It makes pictures too: corrupted, augmented, or rendered ones.

Started as `python -m card_studio.studio.dealer THREADS EXTENSIONS`, never imported. It speaks the messages of wire.py
on stdin and stdout and ends when its client closes them:

    {"do": "hold", "cards": [path, ...]}                                 -> nothing, once these networks are warm
    {"do": "probabilities", "cards": [path, ...]} + uint8 [N, 3, H, W]   -> float32 [cards, N, classes]
    {"do": "corrupt", "how", "severity", "seed"} + uint8 [N, 3, H, W]    -> uint8 [N, 3, H, W]
    {"do": "augment", "options", "seed"} + uint8 [N, 3, H, W]            -> uint8 [N, 3, H, W]
    {"do": "render", "count", "seed"}                                    -> uint8 [count, 3, 32, 32]
    {"do": "suite", "wanted": SuiteRows}                                 -> uint8 [rows, 3, H, W]

What a method of one's own is to make names the hash of its code, which is loaded from EXTENSIONS at the first use. An
answer with "error" says why there is none. Cards that a request does not name are forgotten, so that an edit of a deck
costs the loading of what is new and no more.
"""

import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from card_studio.domain.names import CorruptionName
from card_studio.domain.options import AugmentationOptions, OwnCorruption
from card_studio.engine.data.suites import opened_suite
from card_studio.engine.own_code import use_extensions
from card_studio.engine.warm_deck import WarmDeck
from card_studio.errors import UserError
from card_studio.studio.wire import SuiteRows, receive, send

_AUGMENTATION: TypeAdapter[AugmentationOptions] = TypeAdapter(AugmentationOptions)
_CORRUPTION: TypeAdapter[CorruptionName | OwnCorruption] = TypeAdapter(CorruptionName | OwnCorruption)


def answer(deck: WarmDeck, header: dict[str, Any], images: NDArray[np.uint8] | None) -> NDArray[Any] | None:
    """Return the array that a request asks for, None where it asks for none.

    Raises:
        UserError: a card's file, or a suite's data, are missing or damaged, or so is a method of one's own.
        ValueError: the request is none of those above, or lacks its images.
    """
    cards = [Path(each) for each in header.get("cards", ())]
    if header["do"] == "hold":
        deck.hold(cards)
        return None
    if header["do"] == "render":
        return deck.rendered(int(header["count"]), int(header["seed"]))
    if header["do"] == "suite":
        wanted = SuiteRows.model_validate(header["wanted"])
        suite = opened_suite(wanted.suite, wanted.data, wanted.digest, wanted.cache, wanted.data_folder)
        return suite.some((wanted.corruption, wanted.severity), wanted.rows)
    if images is None:
        raise ValueError("a request carries images")
    if header["do"] == "corrupt":
        how = _CORRUPTION.validate_python(header["how"])
        return deck.corrupted(images, how, int(header["severity"]), int(header["seed"]))
    if header["do"] == "augment":
        return deck.augmented(images, _AUGMENTATION.validate_python(header["options"]), int(header["seed"]))
    return deck.probabilities(cards, images)


def serve(deck: WarmDeck, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the client is gone."""
    while True:
        try:
            header, images = receive(requests)
        except EOFError:
            return
        try:
            send(answers, {"ok": True}, answer(deck, header, images))
        except UserError as error:
            send(answers, {"error": str(error)})
        except (ValueError, RuntimeError, KeyError) as error:
            send(answers, {"error": f"{type(error).__name__}: {error}"})


def main() -> None:
    """Say that torch is loaded, and serve."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not corrupt the protocol
    use_extensions(Path(sys.argv[2]))
    deck = WarmDeck(int(sys.argv[1]))
    send(answers, {"ready": True})
    serve(deck, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
