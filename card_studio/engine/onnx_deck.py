"""A deck as one ONNX graph with the gate inside, checked against the studio before it is handed over.

Input `images`: float32 [N, 3, H, W] on the 0-1 scale, any N; each value counts as the nearest of the 256 that a pixel
of a picture can have, since that is what the studio sees. Outputs, for each image: `probabilities` [N, C]; `choice`
[N], the index of the chosen augmentation; `distances` [N, A], to each augmentation's references, the mean of the batch
of m consecutive images that was decided on; `margin` [N]. Where the gate chooses, a network runs on those images only
that chose its augmentation. Names and versions are in the file's metadata.
"""

import json
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from card_studio.domain.gate import Floats, suit_label
from card_studio.domain.ids import CardId
from card_studio.domain.names import DeckMode
from card_studio.engine.deck_file import DeckHeader
from card_studio.engine.onnx_gate import add_batch_means, add_distance, add_features, add_margin, add_weights
from card_studio.engine.onnx_graph import OPSET, Graph

_IR = 10
"""What onnxruntime reads that reads the opset."""


def net_graph(net: nn.Module, size: int) -> onnx.GraphProto:
    """Return a network as a graph from images [N, 3, size, size] on the 0-1 scale to logits [N, C]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of its own deprecated parts
        program = torch.onnx.export(
            net,
            (torch.zeros(2, 3, size, size),),
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("N")},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program.model_proto.graph


def deck_model(
    header: DeckHeader,
    name: str,
    owners: Mapping[CardId, int],
    spectra: Sequence[Floats],
    nets: Mapping[CardId, onnx.GraphProto],
) -> onnx.ModelProto:
    """Return the deck as a model; its metadata name the deck, its classes, augmentations and cards.

    Args:
        header: what the deck is.
        name: what it is called.
        owners: each card's suit.
        spectra: the references of each suit, float32 [M, F].
        nets: what `net_graph` returned for each card.
    """
    deck, graph = header.deck, Graph()
    pixels = _pixels(graph)
    features = add_features(graph, pixels, header.size, deck.gate)
    each = [add_distance(graph, features, references) for references in spectra]
    means = add_batch_means(graph, graph.add("Concat", *each, axis=1), deck.batch)
    choice = graph.add("ArgMin", means, axis=1, keepdims=0, to="choice")
    graph.cast(means, TensorProto.FLOAT, to="distances")
    add_margin(graph, means, len(spectra), choice, to="margin")
    weights = add_weights(graph, means, choice, card_shares(header, owners), deck.mode, deck.temperature)
    _add_probabilities(graph, header, owners, nets, pixels, weights)
    return _model(graph, header, name)


def card_shares(header: DeckHeader, owners: Mapping[CardId, int]) -> Floats:
    """Return how the cards of each suit share what it counts, float32 [suits, cards]; all alike where none is chosen.

    A card that lies in the deck twice counts twice.
    """
    places = Counter(header.deck.cards)
    counts = np.array([places[card] for card in header.cards], np.float64)
    if header.deck.mode is DeckMode.DOMAIN_AGNOSTIC:
        held = np.tile(counts, (len(header.augmentations), 1))
    else:
        suits = np.arange(len(header.augmentations))[:, None]
        held = np.where(np.array([owners[card] for card in header.cards]) == suits, counts, 0.0)
    shares: Floats = (held / held.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _pixels(graph: Graph) -> str:
    """Add the images as the studio sees them: whole numbers from 0 to 255."""
    top = graph.constant(np.array(255, np.float32))
    bottom = graph.constant(np.array(0, np.float32))
    return graph.add("Round", graph.add("Clip", graph.add("Mul", "images", top), bottom, top))


def _add_probabilities(
    graph: Graph,
    header: DeckHeader,
    owners: Mapping[CardId, int],
    nets: Mapping[CardId, onnx.GraphProto],
    pixels: str,
    weights: str,
) -> None:
    """Add the networks and the mean of what they answer."""
    scaled = graph.add("Div", pixels, graph.constant(np.array(255, np.float32)))
    gated = header.deck.mode is DeckMode.DOMAIN_ADAPTIVE
    nothing = _nothing(graph, len(header.classes)) if gated else ""
    answers = []
    for place, card in enumerate(header.cards):
        prefix = f"card_{place + 1}/"
        if gated:
            mask = graph.add("Equal", "choice", graph.constant(np.array(owners[card])))
            answer = _where_chosen(graph, nets[card], prefix, scaled, mask, nothing)
        else:
            answer = graph.add("Softmax", graph.embed(nets[card], prefix, scaled), axis=1)
        answers.append(graph.add("Unsqueeze", answer, graph.integers(1)))
    weighted = graph.add(
        "Mul", graph.add("Concat", *answers, axis=1), graph.add("Unsqueeze", weights, graph.integers(2))
    )
    graph.add("ReduceSum", weighted, graph.integers(1), keepdims=0, to="probabilities")


def _nothing(graph: Graph, classes: int) -> str:
    """Add zeros, float32 [N, classes]."""
    shape = graph.add("Concat", graph.add("Shape", "images", start=0, end=1), graph.integers(classes), axis=0)
    return graph.add("Expand", graph.constant(np.array(0, np.float32)), shape)


def _where_chosen(graph: Graph, net: onnx.GraphProto, prefix: str, scaled: str, mask: str, nothing: str) -> str:
    """Add a network that runs on the masked images only, and not at all where there are none."""
    chosen, idle = Graph(f"{prefix}chosen/"), Graph(f"{prefix}idle/")
    rows = chosen.add("NonZero", mask)
    images = chosen.add("Gather", scaled, chosen.add("Squeeze", rows, chosen.integers(0)), axis=0)
    answer = chosen.add("Softmax", chosen.embed(net, prefix, images), axis=1)
    filled = chosen.add("ScatterND", nothing, chosen.add("Transpose", rows, perm=[1, 0]), answer)
    branches = {"then_branch": chosen.branch(filled), "else_branch": idle.branch(idle.add("Identity", nothing))}
    some = graph.add("ReduceMax", graph.cast(mask, TensorProto.INT32), keepdims=0)
    return graph.add("If", graph.cast(some, TensorProto.BOOL), **branches)


def _model(graph: Graph, header: DeckHeader, name: str) -> onnx.ModelProto:
    size, suits = header.size, len(header.augmentations)
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, size, size])
    outputs = [
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", len(header.classes)]),
        helper.make_tensor_value_info("choice", TensorProto.INT64, ["N"]),
        helper.make_tensor_value_info("distances", TensorProto.FLOAT, ["N", suits]),
        helper.make_tensor_value_info("margin", TensorProto.FLOAT, ["N"]),
    ]
    whole = helper.make_graph(graph.nodes, "deck", [images], outputs, graph.constants)
    model = helper.make_model(
        whole,
        producer_name="card-studio",
        producer_version=header.packages["card-studio"],
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR,
        doc_string=__doc__ or "",
    )
    helper.set_model_props(model, _metadata(header, name))
    return model


def _metadata(header: DeckHeader, name: str) -> dict[str, str]:
    definition = header.deck.model_dump(mode="json")
    return {
        "name": name,
        "definition": json.dumps(definition),
        "classes": json.dumps(header.classes),
        "augmentations": json.dumps([suit_label(each) for each in header.augmentations]),
        "trained_on": header.data_label,
        "data_digest": header.data_digest,
        "packages": json.dumps(header.packages),
    }
