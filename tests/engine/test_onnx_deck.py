"""A deck as ONNX says in onnxruntime what the studio says: choices, distances, margins and probabilities."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from card_studio.domain.deck import card_weights, combine
from card_studio.domain.gate import Floats, Gate, choose, features
from card_studio.domain.ids import CardId
from card_studio.domain.job import DeckDefinition, GateOptions
from card_studio.domain.names import DeckMode, NetworkName
from card_studio.engine.card_file import card_net
from card_studio.engine.deck_file import DeckHeader
from card_studio.engine.nets import NETS, initialise, prunable
from card_studio.engine.onnx_check import largest_difference
from card_studio.engine.onnx_deck import deck_model, net_graph
from card_studio.engine.predict import deck_probabilities
from tests.engine.decks import GATE, SUITS, references, some_images, three_cards

IDS = tuple(CardId(letter * 64) for letter in "abc")
OWNERS = dict(zip(IDS, (0, 1, 0), strict=True))
RGB = GateOptions(images=GATE.images, amplitude="raw", colour="rgb")
COUNT = 500
Answer = dict[str, NDArray[Any]]


def decided(net: nn.Module, images: NDArray[np.uint8]) -> nn.Module:
    """Scale an untrained network's last layer, so that its answers are far from even."""
    with torch.no_grad():
        logits = net(torch.from_numpy(scaled(images[:50])))
        list(prunable(net).values())[-1].mul_(3 / logits.std())
    return net


class Played:
    """What takes time, done once: networks as PyTorch and as ONNX, images, and the cards' answers to them."""

    def __init__(self) -> None:
        self.images = some_images(COUNT)
        self.nets = {
            card: decided(card_net(content), self.images) for card, content in zip(IDS, three_cards(), strict=True)
        }
        self.graphs = {card: net_graph(net, 32) for card, net in self.nets.items()}
        answers = deck_probabilities(
            list(self.nets.values()), torch.from_numpy(self.images), device=torch.device("cpu")
        )
        self.answers = dict(zip(IDS, answers.numpy(), strict=True))

    def studio(self, header: DeckHeader, spectra: Sequence[Floats]) -> Answer:
        """Return what the studio says of all images."""
        deck = header.deck
        distances = Gate(dict(zip("cg", spectra, strict=True)), deck.gate).distances(self.images)
        owners = np.array([OWNERS[card] for card in deck.cards])
        weights = card_weights(distances, owners, deck.mode, m=deck.batch, temperature=deck.temperature)
        starts = range(0, COUNT, deck.batch)
        choices = [choose(distances[start : start + deck.batch]) for start in starts]
        of = [choices[index // deck.batch] for index in range(COUNT)]
        return {
            "probabilities": combine(np.stack([self.answers[card] for card in deck.cards]), weights),
            "choice": np.array([each.chosen for each in of]),
            "distances": np.stack([each.distances for each in of]),
            "margin": np.array([each.margin for each in of]),
        }


@pytest.fixture(scope="module")
def played() -> Played:
    """Return the networks and images."""
    return Played()


def header_of(
    mode: DeckMode, batch: int = 1, *, gate: GateOptions = GATE, cards: Sequence[CardId] = IDS, suits: Any = SUITS
) -> DeckHeader:
    definition = DeckDefinition(cards=tuple(cards), mode=mode, gate=gate, batch=batch, temperature=2.0)
    classes = tuple(f"class {index}" for index in range(10))
    packages = {"card-studio": "1"}
    return DeckHeader(
        deck=definition, augmentations=suits, classes=classes, size=32, data_label="shapes", data_digest="data",
        packages=packages,
    )  # fmt: skip


def asked(
    header: DeckHeader,
    spectra: Sequence[Floats],
    graphs: Mapping[CardId, onnx.GraphProto],
    images: NDArray[np.float32],
    owners: Mapping[CardId, int] = OWNERS,
) -> Answer:
    """Return what the ONNX graph says of images on the 0-1 scale."""
    model = deck_model(header, "Three", owners, spectra, graphs)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, {"images": images}), strict=True))


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.astype(np.float32) / 255


@pytest.mark.parametrize("batch", [1, 7, 32, 500, 1000])
@pytest.mark.parametrize("mode", list(DeckMode))
def test_500_images_get_the_same_choices_and_probabilities(played: Played, mode: DeckMode, batch: int) -> None:
    header, spectra = header_of(mode, batch), references()
    found, wanted = asked(header, spectra, played.graphs, scaled(played.images)), played.studio(header, spectra)
    np.testing.assert_array_equal(found["choice"], wanted["choice"])
    np.testing.assert_allclose(found["probabilities"], wanted["probabilities"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(found["distances"], wanted["distances"], rtol=1e-5)
    np.testing.assert_allclose(found["margin"], wanted["margin"], rtol=1e-2, atol=2e-6)
    if batch == 1:  # the test would say nothing where all images went to one suit or all answers were even
        assert 0.1 < wanted["choice"].mean() < 0.9
        assert wanted["probabilities"].max(axis=1).mean() > 0.2


def test_raw_amplitudes_of_each_colour(played: Played) -> None:
    header, spectra = header_of(DeckMode.DOMAIN_ADAPTIVE, 3, gate=RGB), references(RGB)
    found, wanted = asked(header, spectra, played.graphs, scaled(played.images)), played.studio(header, spectra)
    np.testing.assert_array_equal(found["choice"], wanted["choice"])
    np.testing.assert_allclose(found["probabilities"], wanted["probabilities"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(found["distances"], wanted["distances"], rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 4])
def test_exact_ties_go_to_the_first_suit(played: Played, batch: int) -> None:
    spectra = [references()[1]] * 2
    header = header_of(DeckMode.DOMAIN_ADAPTIVE, batch)
    found = asked(header, spectra, played.graphs, scaled(played.images))
    assert (found["choice"] == 0).all()
    assert (found["margin"] == 0).all()
    np.testing.assert_array_equal(found["choice"], played.studio(header, spectra)["choice"])


def test_an_image_that_is_a_reference_of_both_suits_is_a_tie_and_of_one_a_certainty(played: Played) -> None:
    clean, noisy = references()
    own = features(played.images[:2], GATE)
    header = header_of(DeckMode.DOMAIN_ADAPTIVE)
    spectra = [np.concatenate([clean, own[:1]]), np.concatenate([noisy, own])]
    found = asked(header, spectra, played.graphs, scaled(played.images[:2]))
    assert found["choice"].tolist() == [0, 1]
    assert found["margin"].tolist() == [0.0, np.inf]
    assert found["distances"].min(axis=1).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_number_of_images_can_be_asked_about(played: Played, count: int) -> None:
    header, spectra = header_of(DeckMode.DOMAIN_ADAPTIVE, 2), references()
    found, wanted = asked(header, spectra, played.graphs, scaled(played.images[:count])), played.studio(header, spectra)
    whole = count - count % 2
    np.testing.assert_array_equal(found["choice"][:whole], wanted["choice"][:whole])
    np.testing.assert_allclose(found["probabilities"][:whole], wanted["probabilities"][:whole], rtol=0, atol=1e-4)
    assert found["margin"].shape == (count,)


def test_values_between_two_pixels_count_as_the_nearer_one(played: Played) -> None:
    header, spectra = header_of(DeckMode.DOMAIN_ADAPTIVE), references()
    exact = scaled(played.images[:20])
    shifted = exact + np.random.default_rng(0).uniform(-0.4, 0.4, exact.shape).astype(np.float32) / 255
    first, second = (asked(header, spectra, played.graphs, images) for images in (exact, shifted))
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_a_network_whose_suit_is_not_chosen_does_not_run(played: Played) -> None:
    broken = NETS[NetworkName.CONV2](10, width=0.05)
    torch.nn.init.constant_(next(broken.parameters()), torch.nan)
    graphs = played.graphs | {IDS[1]: net_graph(broken.eval(), 32)}
    header, spectra = header_of(DeckMode.DOMAIN_ADAPTIVE), references()
    found = asked(header, spectra, graphs, scaled(played.images))
    chose = found["choice"] == 1
    assert 0 < chose.sum() < COUNT
    np.testing.assert_array_equal(np.isnan(found["probabilities"]).any(axis=1), chose)


def test_a_card_that_lies_in_the_deck_twice_counts_twice(played: Played) -> None:
    spectra = references()
    for mode in DeckMode:
        header = header_of(mode, cards=(IDS[0], IDS[1], IDS[2], IDS[2]))
        found, wanted = asked(header, spectra, played.graphs, scaled(played.images)), played.studio(header, spectra)
        np.testing.assert_allclose(found["probabilities"], wanted["probabilities"], rtol=0, atol=1e-4)


def test_a_deck_of_one_suit_has_nothing_to_choose(played: Played) -> None:
    header = header_of(DeckMode.DOMAIN_ADAPTIVE, cards=IDS[:1], suits=SUITS[:1])
    found = asked(header, references()[:1], played.graphs, scaled(played.images[:3]))
    assert found["choice"].tolist() == [0, 0, 0]
    assert np.isinf(found["margin"]).all()
    np.testing.assert_allclose(found["probabilities"], played.answers[IDS[0]][:3], rtol=0, atol=1e-4)


def test_the_file_says_what_it_is(played: Played) -> None:
    header = header_of(DeckMode.SOFT, 4)
    model = deck_model(header, "Three", OWNERS, references(), played.graphs)
    told = {each.key: each.value for each in model.metadata_props}
    assert told["name"] == "Three"
    assert DeckDefinition.model_validate_json(told["definition"]) == header.deck
    assert json.loads(told["classes"]) == list(header.classes)
    assert json.loads(told["augmentations"]) == ["clean", "gaussian"]
    assert "nearest of the 256" in model.doc_string
    assert "/" not in "".join(told.values())  # no paths of the machine that wrote it


def test_the_check_finds_a_file_that_answers_otherwise(played: Played, tmp_path: Path) -> None:
    header, spectra = header_of(DeckMode.DOMAIN_ADAPTIVE), references()
    path = tmp_path / "three.onnx"
    path.write_bytes(deck_model(header, "Three", OWNERS, spectra, played.graphs).SerializeToString())
    owners, nets = np.array([0, 1, 0]), list(played.nets.values())
    assert largest_difference(path, header, spectra, owners, nets) < 1e-5
    with pytest.raises(RuntimeError, match="answers otherwise than the studio"):
        largest_difference(path, header, spectra, owners, [nets[1], nets[0], nets[2]])
    with pytest.raises(RuntimeError, match="answers otherwise than the studio"):
        largest_difference(path, header, spectra[::-1], owners, nets)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(NETS))
def test_every_network_can_be_written(name: NetworkName, tmp_path: Path) -> None:
    width = 0.125
    net: nn.Module = NETS[name](7, width=width).eval()
    initialise(net, "kaiming_normal", torch.Generator().manual_seed(0))
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    graph = net_graph(net, 32)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"images": images.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(found, net(images).numpy(), rtol=1e-3, atol=1e-4)
