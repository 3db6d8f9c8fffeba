"""The dealer: a warm child that holds a deck's networks and answers class probabilities for previews.

Started as `python -m card_studio.studio.dealer CARD_FILE ...`, never imported. It speaks the messages of wire.py on
stdin and stdout and ends when its client closes them:

    {"do": "probabilities"} + uint8 [N, 3, H, W]                         -> float32 [cards, N, classes]
    {"do": "corrupt", "name", "severity", "seed"} + uint8 [N, 3, H, W]   -> uint8 [N, 3, H, W]

An answer with "error" says why there is none.
"""

import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from card_studio.domain.names import CorruptionName
from card_studio.engine.card_file import card_net, load_card
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.predict import probabilities
from card_studio.errors import UserError
from card_studio.studio.wire import receive, send

_BATCH = 256


class Dealer:
    """The networks of a deck, kept warm."""

    def __init__(self, paths: list[Path]) -> None:
        self._nets = [card_net(load_card(path)) for path in paths]

    def answer(self, header: dict[str, Any], images: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the array that a request asks for."""
        tensor = torch.from_numpy(images.copy())
        if header["do"] == "corrupt":
            generator = torch.Generator().manual_seed(int(header["seed"]))
            name = CorruptionName(header["name"])
            return corrupt(tensor, name, int(header["severity"]), generator).numpy()
        answers = [probabilities(net, tensor, device=torch.device("cpu"), batch=_BATCH) for net in self._nets]
        return np.stack([np.asarray(each) for each in answers])

    def warm_up(self, size: int) -> None:
        """Run each network once, so that the first real answer does not pay for memory and kernels."""
        self.answer({"do": "probabilities"}, np.zeros((1, 3, size, size), np.uint8))


def serve(dealer: Dealer, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the client is gone."""
    while True:
        try:
            header, images = receive(requests)
        except EOFError:
            return
        try:
            if images is None:
                raise ValueError("a request carries images")
            send(answers, {"ok": True}, dealer.answer(header, images))
        except (ValueError, RuntimeError, KeyError) as error:
            send(answers, {"error": f"{type(error).__name__}: {error}"})


def main() -> None:
    """Load the cards named on the command line and serve."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not corrupt the protocol
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    try:
        dealer = Dealer([Path(argument) for argument in sys.argv[2:]])
        dealer.warm_up(int(sys.argv[1]))
    except UserError as error:
        send(answers, {"error": str(error)})
        return
    send(answers, {"ready": True})
    serve(dealer, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
