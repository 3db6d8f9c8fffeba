"""Evaluation with cached corruptions: how much of its time lies outside the network's forward pass (ResNet-20)."""

import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
import torch

from card_studio.domain.ids import CardId
from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName, NetworkName
from card_studio.domain.options import NetworkOptions, NpzData
from card_studio.domain.recipe import Recipe, fingerprint
from card_studio.domain.run import CardEvaluated
from card_studio.engine.card_file import CardContent
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import open_dataset
from card_studio.engine.data.suites import SuiteImages
from card_studio.engine.evaluate import Evaluating
from card_studio.engine.loading import LoadedCard
from card_studio.engine.nets import build_net
from card_studio.engine.predict import ready

pytestmark = pytest.mark.benchmark
SUITE = Suite(corruptions=(CorruptionName.GAUSSIAN_NOISE, CorruptionName.CONTRAST), severities=(1, 3), images=1_000)


def test_at_most_a_tenth_of_the_time_is_spent_outside_the_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2_000, 3, 32, 32), np.uint8)
    np.savez(tmp_path / "noise.npz", images=images, labels=np.repeat(np.arange(10), 200))
    data = NpzData(path=tmp_path / "noise.npz", test_share=0.5)
    context = Context(
        device=torch.device("cpu"),
        threads=2,
        cache=tmp_path / "cache",
        stages=tmp_path,
        cards=tmp_path,
        artifacts=tmp_path / "artifacts",
        checkpoint=tmp_path / "checkpoint",
        data_folder=None,
    )
    dataset = open_dataset(data, cache=context.cache)
    recipe = Recipe(data=data, network=NetworkOptions(name=NetworkName.RESNET20))
    net = build_net(recipe.network, classes=10, size=32, mean=dataset.mean, std=dataset.std, affine=True)
    content = CardContent(
        recipe=recipe,
        fingerprint=fingerprint(recipe, dataset.digest),
        classes=dataset.classes,
        size=32,
        mean=dataset.mean,
        std=dataset.std,
        data_label=dataset.label,
        data_digest=dataset.digest,
        level=0,
        total_epochs=0,
        state=net.state_dict(),
        packages={},
    )
    shares = []
    for turn in range(3):  # the first makes the corrupted images and warms up
        suite = SuiteImages(SUITE, dataset, context.cache)
        card = LoadedCard(id=CardId(f"{turn:064x}"), content=content, net=ready(net, context.device))
        began = perf_counter()
        result = list(Evaluating([card], suite, context).run())[-1]
        assert isinstance(result, CardEvaluated)
        shares.append(1 - result.forward_s / (perf_counter() - began))
        with capsys.disabled():
            sys.stdout.write(
                f"\n{len(suite.cells) * 1_000 / result.forward_s:.0f} images/s in the network; "
                f"{100 * shares[-1]:.1f} % of the time outside it; corruptions {result.corruption_s:.2f} s\n"
            )
    assert min(shares[1:]) <= 0.1
