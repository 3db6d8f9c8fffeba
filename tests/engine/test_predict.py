"""Class probabilities: batches do not matter, and a deck's cards answer in order."""

import pytest
import torch
from torch import nn

from card_studio.domain.names import NetworkName
from card_studio.engine.nets import NETS
from card_studio.engine.predict import deck_probabilities, probabilities, ready

CPU = torch.device("cpu")


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return NETS[NetworkName.RESNET8](4, size=16, width=0.25)


def images(count: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("batch", [1, 7, 23, 256])
def test_probabilities_are_the_softmax_of_the_network_in_eval_mode(batch: int) -> None:
    net, pixels = network(0), images(23)
    answers = probabilities(net, pixels, device=CPU, batch=batch)
    with torch.no_grad():
        expected = net.eval()(pixels / 255).softmax(dim=1)
    assert answers.dtype == torch.float32
    assert answers.numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    assert answers.sum(dim=1).numpy() == pytest.approx(1, abs=1e-6)


def test_a_network_in_training_mode_is_left_as_it_is_in_its_statistics() -> None:
    net = network(0).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    probabilities(net, images(5), device=CPU)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_deck_answers_card_by_card_in_order() -> None:
    nets, pixels = [ready(network(0), CPU), ready(network(1), CPU)], images(6)
    answers = deck_probabilities(nets, pixels, device=CPU)
    assert answers.shape == (2, 6, 4)
    for net, answer in zip(nets, answers, strict=True):
        assert torch.equal(answer, probabilities(net, pixels, device=CPU))
