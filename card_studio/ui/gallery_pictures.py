"""How a picture of the gallery is shown: itself, its spectrum, or how either differs from the original's."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from card_studio.domain.prediction import centred_spectrum
from card_studio.ui.card_paint import lookup_image
from card_studio.ui.colour_maps import DIVERGING
from card_studio.ui.deck_pictures import image_of
from card_studio.ui.gallery_sheet import Pixels

Show = Literal["image", "spectrum", "both"]
Floats = NDArray[np.float32]
SPECTRUM_LIMIT = 3.0
"""Differences of log amplitudes are coloured from -3 to 3: a twentieth to twenty times the amplitude."""
_FLOOR = 1.5
"""How far below the original's weakest frequencies the scale of spectra begins, so that blurs are seen to fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What every cell shows."""

    show: Show = "both"
    difference: bool = False

    @property
    def parts(self) -> int:
        """Pictures side by side in a cell."""
        return 2 if self.show == "both" else 1


class Original:
    """The picture that others are compared with, its spectrum, and the one scale of all spectra."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.spectrum = centred_spectrum(pixels)
        self.low = float(np.percentile(self.spectrum, 1)) - _FLOOR
        self.high = max(float(np.percentile(self.spectrum, 99.5)), self.low + 1)

    def images(self, made: Pixels, look: Look) -> list[QImage]:
        """Return what a cell shows of a picture [3, H, W], one image per part, pixel by pixel."""
        found = []
        if look.show != "spectrum":
            found.append(self.image(made, difference=look.difference))
        if look.show != "image":
            found.append(self.spectrum_image(made, difference=look.difference))
        return found

    def image(self, made: Pixels, *, difference: bool) -> QImage:
        """Return a picture, or how it differs: mid-grey is no change, brighter is more."""
        if difference:
            made = np.clip(128 + made.astype(np.int16) - self.pixels, 0, 255).astype(np.uint8)
        return image_of(made)

    def spectrum_image(self, made: Pixels, *, difference: bool) -> QImage:
        """Return a picture's log amplitudes on the original's scale, or how they differ from the original's."""
        spectrum = centred_spectrum(made)
        if difference:
            return _diverging((spectrum - self.spectrum) / SPECTRUM_LIMIT)
        return lookup_image(np.asarray((spectrum - self.low) / (self.high - self.low), np.float32))


def _diverging(shares: Floats) -> QImage:
    """Return values of -1 to 1 in the diverging colours."""
    index = np.rint((np.clip(shares, -1, 1) + 1) * 127.5).astype(np.uint8)
    colours = np.ascontiguousarray(DIVERGING[index])
    height, width = index.shape
    return QImage(colours.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
