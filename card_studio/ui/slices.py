"""Work of the window's thread in slices, one for each turn of its loop: between them it answers keys, and paints."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

Step = Callable[[], object]


class Slices(QObject):
    """Steps that are taken in order; those asked for anew replace those that wait."""

    def __init__(self, owner: QObject) -> None:
        super().__init__(owner)
        self._steps: list[Step] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_turn)

    @property
    def busy(self) -> bool:
        """Whether steps wait."""
        return bool(self._steps)

    def start(self, steps: Sequence[Step]) -> None:
        """Take these steps, and none that waited."""
        self._steps = list(steps)
        if self._steps:
            self._timer.start(0)

    def _on_turn(self) -> None:
        step = self._steps[0]
        try:
            step()
        finally:
            if self._steps and self._steps[0] is step:  # otherwise the step itself has started others
                del self._steps[0]
            if self._steps:
                self._timer.start(0)
