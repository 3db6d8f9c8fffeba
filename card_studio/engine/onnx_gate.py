"""The gate as ONNX nodes: the same as domain/gate.py and domain/deck.py, which say what it is (METHODS 6).

This is a second implementation of those rules, as a graph must be; tests hold the two together. Spectra are taken in
float64 by products with cosines and sines, which is exact to the last bits and needs no Fourier operator; features,
distances and probabilities are float32, as there. So a choice can differ only where two distances differ by less than
the rounding of float32, a relative margin of about 1e-6; exact ties go to the first suit in both.
"""

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from card_studio.domain.gate import Floats
from card_studio.domain.job import GateOptions
from card_studio.domain.names import DeckMode
from card_studio.engine.onnx_graph import Graph

_FLOAT, _DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE


def add_features(graph: Graph, pixels: str, size: int, options: GateOptions) -> str:
    """Add what `domain.gate.features` does; return its value, float32 [N, F].

    Args:
        graph: gets the nodes.
        pixels: float32 [N, 3, size, size] on the 0-255 scale.
        size: pixels on each side.
        options: of the gate.
    """
    planes = graph.cast(pixels, _DOUBLE)
    if options.colour == "grey":
        planes = graph.add("ReduceMean", planes, graph.integers(1), keepdims=1)
    rows, columns = _waves(size, size), _waves(size, size // 2 + 1)
    across = [graph.add("MatMul", planes, graph.constant(part)) for part in columns]
    # (rows[0] - i rows[1]) (across[0] - i across[1])
    (cc, cs), (sc, ss) = ([graph.add("MatMul", graph.constant(row), each) for each in across] for row in rows)
    real, imaginary = graph.add("Sub", cc, ss), graph.add("Add", cs, sc)
    squares = [graph.add("Mul", part, part) for part in (real, imaginary)]
    amplitude = graph.add("Sqrt", graph.add("Add", *squares))
    if options.amplitude == "log":
        amplitude = graph.add("Log", graph.add("Add", amplitude, graph.constant(np.array(1.0))))
    return graph.cast(graph.add("Flatten", amplitude, axis=1), _FLOAT)


def _waves(size: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cosines and sines [size, count] of a discrete Fourier transform's first `count` frequencies."""
    turns = np.outer(np.arange(size), np.arange(count)) % size / size
    return np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)


def add_distance(graph: Graph, spectra: str, references: Floats) -> str:
    """Add what `domain.gate.nearest` does to one reference set; return its distances, float32 [N, 1].

    The nearest is found by one matrix product; its distance is then taken from the difference itself.
    """
    centre = references.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = references - centre
    known, squares = graph.constant(centred), graph.constant(np.einsum("mf,mf->m", centred, centred))
    block = graph.add("Sub", spectra, graph.constant(centre))
    products = graph.add("Gemm", block, known, squares, alpha=-2.0, transB=1)
    nearest = graph.add("ArgMin", products, axis=1, keepdims=0)
    difference = graph.add("Sub", block, graph.add("Gather", known, nearest, axis=0))
    return graph.add("ReduceL2", difference, graph.integers(1), keepdims=1)


def add_batch_means(graph: Graph, distances: str, m: int) -> str:
    """Add the mean over each batch of `m` consecutive images, told to each of them, a last partial batch kept.

    Args:
        graph: gets the nodes.
        distances: float32 [N, A].
        m: images that are decided on together.

    Returns:
        float64 [N, A].
    """
    exact = graph.cast(distances, _DOUBLE)
    if m == 1:
        return exact
    one, none = graph.constant(np.array(1, np.int64)), graph.constant(np.array(0, np.int64))
    length, together = graph.constant(np.array(m, np.int64)), graph.integers(m)
    count = graph.add("Shape", exact, start=0, end=1)
    lacking = graph.add("Mod", graph.add("Sub", together, graph.add("Mod", count, together)), together)
    pads = graph.add("Concat", graph.integers(0, 0), lacking, graph.integers(0), axis=0)
    sums = _sums(graph, exact, pads, m)
    ones = graph.add("Expand", graph.constant(np.ones((1, 1))), graph.add("Concat", count, graph.integers(1), axis=0))
    means = graph.add("Div", sums, _sums(graph, ones, pads, m))
    images = graph.add("Range", none, graph.add("Squeeze", count), one)
    return graph.add("Gather", means, graph.add("Div", images, length), axis=0)


def _sums(graph: Graph, values: str, pads: str, m: int) -> str:
    """Add the sums [batches, columns] over batches of `m` rows, of which the last is filled up with zeros."""
    padded = graph.add("Pad", values, pads)
    width = graph.add("Shape", values, start=1, end=2)
    batches = graph.add("Reshape", padded, graph.add("Concat", graph.integers(-1, m), width, axis=0))
    return graph.add("ReduceSum", batches, graph.integers(1), keepdims=0)


def add_margin(graph: Graph, means: str, suits: int, choice: str, to: str) -> str:
    """Add the margin as `domain.gate.choose` defines it; return it, float32 [N].

    Args:
        graph: gets the nodes.
        means: float64 [N, suits].
        suits: their number.
        choice: int64 [N], from which the length is taken where there is but one suit.
        to: the value's name.
    """
    infinite = graph.constant(np.array(np.inf))
    if suits == 1:
        return graph.cast(graph.add("Expand", infinite, graph.add("Shape", choice)), _FLOAT, to)
    ranked = graph.smallest(means, 2)
    least, second = (graph.add("Gather", ranked, graph.constant(np.array(at)), axis=1) for at in (0, 1))
    nothing = graph.constant(np.array(0.0))
    ratio = graph.add("Div", graph.add("Sub", second, least), least)
    both_nothing = graph.add("Equal", second, nothing)
    without = graph.add("Where", both_nothing, nothing, infinite)
    return graph.cast(graph.add("Where", graph.add("Greater", least, nothing), ratio, without), _FLOAT, to)


def add_weights(graph: Graph, means: str, choice: str, shares: Floats, mode: DeckMode, temperature: float) -> str:
    """Add how much each network counts for each image, as `domain.deck.card_weights` does; return float32 [N, K].

    Args:
        graph: gets the nodes.
        means: float64 [N, A].
        choice: int64 [N].
        shares: [A, K], how the suits' cards share what their suit counts.
        mode: how the cards answer together; where they are all averaged, `shares` has equal rows.
        temperature: of the soft mode.
    """
    if mode is not DeckMode.SOFT:
        return graph.add("Gather", graph.constant(shares.astype(np.float32)), choice, axis=0)
    logits = graph.add("Div", graph.add("Neg", means), graph.constant(np.array(temperature)))
    counts = graph.add("Softmax", logits, axis=1)
    return graph.cast(graph.add("MatMul", counts, graph.constant(shares.astype(np.float64))), _FLOAT)
