"""Writes ONNX graphs node by node: values get names by themselves, arrays become constants."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 20
"""Read by onnxruntime 1.17 (January 2024) and later."""


class Graph:
    """Nodes and constants on their way into a graph, or into a branch of one."""

    def __init__(self, prefix: str = "") -> None:
        """Begin; the names made here start with `prefix`."""
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._prefix = prefix
        self._count = 0

    def add(self, kind: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        """Add a node of one output; return the output's name, which is `to` if that is given."""
        output = to or self._name(kind)
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, value: NDArray[Any]) -> str:
        """Add an array; return its name."""
        name = self._name("Constant")
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def integers(self, *values: int) -> str:
        """Add an int64 vector; return its name."""
        return self.constant(np.array(values, np.int64))

    def embed(self, graph: onnx.GraphProto, prefix: str, images: str) -> str:
        """Add all of another graph of one input and one output; return the output's name.

        Args:
            graph: its names are changed.
            prefix: set before each of them.
            images: the value that is its input.
        """
        renamed = onnx.compose.add_prefix_graph(graph, prefix)
        self.add("Identity", images, to=renamed.input[0].name)
        self.nodes.extend(renamed.node)
        self.constants.extend(renamed.initializer)
        return str(renamed.output[0].name)

    def branch(self, output: str) -> onnx.GraphProto:
        """Return what was added as the branch of an `If`, whose one result is `output`, a float32 tensor."""
        result = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None)
        return helper.make_graph(self.nodes, f"{self._prefix}branch", [], [result], self.constants)

    def cast(self, value: str, kind: int, to: str = "") -> str:
        """Convert a value to another type; return the output's name, which is `to` if that is given."""
        output = to or self._name("Cast")
        self.nodes.append(helper.make_node("Cast", [value], [output], name=output, to=kind))
        return output

    def smallest(self, values: str, count: int) -> str:
        """Return the `count` smallest of each row, in order."""
        output, places = self._name("TopK"), self._name("TopK")
        inputs = [values, self.integers(count)]
        self.nodes.append(helper.make_node("TopK", inputs, [output, places], name=output, axis=1, largest=0, sorted=1))
        return output

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{self._prefix}{kind}_{self._count}"
