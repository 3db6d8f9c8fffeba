"""The two colour maps of all pictures of numbers: one for amounts, one for differences."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray


def _lookup(name: str) -> NDArray[np.uint8]:
    table: NDArray[np.uint8] = pg.colormap.get(name).getLookupTable(nPts=256, alpha=False).astype(np.uint8)
    return table


SEQUENTIAL = _lookup("cividis")
"""uint8 [256, 3], dark to bright, perceptually even and the same to colour-blind eyes (Nuñez et al. 2018)."""
DIVERGING = _lookup("CET-CBD1")
"""uint8 [256, 3], blue, white, yellow-brown, centred on 0; safe for red-green blindness (Kovesi 2015)."""
