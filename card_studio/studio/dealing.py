"""The client's side of the dealer: starts the child, waits for it off the caller's thread, asks it."""

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.names import CorruptionName
from card_studio.domain.options import AugmentationOptions, OwnCorruption
from card_studio.errors import UserError
from card_studio.studio.extending import EXTENSIONS
from card_studio.studio.launch import launch_dealer
from card_studio.studio.wire import SuiteRows, receive, send

_WARM_UP_S = 120.0
_THREADS = 1
"""Small networks on a few images: more threads cost more than they bring."""


class DealerClient:
    """A warm child process with networks in it; may be used from any thread, one question at a time."""

    def __init__(self, log_file: Path) -> None:
        """Start the child; it warms up in the background.

        Args:
            log_file: receives the child's stderr; in the workspace's folder, where one's own methods lie too.
        """
        self._process = launch_dealer([str(_THREADS), str(log_file.parent / EXTENSIONS)], _THREADS, log_file)
        self._asking = threading.Lock()
        self._warm = threading.Event()
        self._failure = ""
        self._waiter = threading.Thread(target=self._wait_for_ready, daemon=True)
        self._waiter.start()

    @property
    def ready(self) -> bool:
        """Whether the next question is answered at once."""
        return self._warm.is_set() and not self._failure

    @property
    def warming(self) -> bool:
        """Whether it has yet to become ready, or to fail: until then a question would have to wait."""
        return not self._warm.is_set()

    @property
    def ended(self) -> bool:
        """Whether the child is gone, or could not start: it answers no more."""
        return bool(self._failure) or self._process.poll() is not None

    def hold(self, card_files: Sequence[Path]) -> None:
        """Have these cards loaded and run once, and all others forgotten; waits until that is done.

        Raises:
            UserError: a card cannot be loaded, or the dealer ended.
        """
        self._ask({"do": "hold", "cards": [str(each) for each in card_files]})

    def probabilities(self, card_files: Sequence[Path], images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 [cards, N, classes] for uint8 images [N, 3, H, W]; waits until the dealer is warm.

        Raises:
            UserError: a card cannot be loaded, or the dealer ended.
        """
        request = {"do": "probabilities", "cards": [str(each) for each in card_files]}
        return cast(NDArray[np.float32], self._ask(request, images))

    def corrupt(
        self, images: NDArray[np.uint8], how: CorruptionName | OwnCorruption, severity: int, seed: int = 0
    ) -> NDArray[np.uint8]:
        """Return the images under a corruption, ours or one's own, at a severity from 1 to 5.

        Raises:
            UserError: the code of one's own is missing or fails, or the dealer ended.
        """
        told = how.model_dump(mode="json") if isinstance(how, OwnCorruption) else str(how)
        request = {"do": "corrupt", "how": told, "severity": severity, "seed": seed}
        return cast(NDArray[np.uint8], self._ask(request, images))

    def augment(self, images: NDArray[np.uint8], options: AugmentationOptions, seed: int = 0) -> NDArray[np.uint8]:
        """Return the images, each augmented by draws of its own; `clean` gives flips and crops.

        Raises:
            UserError: the code of one's own is missing or fails, or the dealer ended.
        """
        request = {"do": "augment", "options": options.model_dump(mode="json"), "seed": seed}
        return cast(NDArray[np.uint8], self._ask(request, images))

    def render(self, count: int, seed: int = 0) -> NDArray[np.uint8]:
        """Return the first test images of the embedded dataset, uint8 [count, 3, 32, 32].

        Raises:
            UserError: the dealer ended.
        """
        return cast(NDArray[np.uint8], self._ask({"do": "render", "count": count, "seed": seed}))

    def suite_images(self, wanted: SuiteRows) -> NDArray[np.uint8]:
        """Return some images of a cell of a suite, uint8 [rows, 3, H, W], as cards were evaluated on them.

        Raises:
            UserError: the dataset or the suite's folder is missing or another, or the dealer ended.
        """
        return cast(NDArray[np.uint8], self._ask({"do": "suite", "wanted": wanted.model_dump(mode="json")}))

    def close(self) -> None:
        """End the child."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._waiter.join()
        if self._process.stdout:
            self._process.stdout.close()

    def _ask(self, request: dict[str, Any], images: NDArray[np.uint8] | None = None) -> NDArray[Any] | None:
        if not self._warm.wait(_WARM_UP_S):
            raise UserError("the dealer did not warm up in time: see dealer.log in the workspace")
        if self._failure:
            raise UserError(self._failure)
        with self._asking:
            try:
                send(cast(BinaryIO, self._process.stdin), request, images)
                header, array = receive(cast(BinaryIO, self._process.stdout))
            except (EOFError, OSError) as error:
                self._failure = "the dealer ended: see dealer.log in the workspace"
                raise UserError(self._failure) from error
        if "error" in header:
            raise UserError(f"the dealer could not answer: {header['error']}")
        return array

    def _wait_for_ready(self) -> None:
        try:
            header, _ = receive(cast(BinaryIO, self._process.stdout))
            self._failure = header.get("error", "")
        except (EOFError, OSError, ValueError):
            self._failure = "the dealer ended while warming up: see dealer.log in the workspace"
        self._warm.set()
