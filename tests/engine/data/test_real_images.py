"""A real archive of photographs, where this machine has it beside the project."""

from pathlib import Path

import pytest
import torch

from card_studio.domain.options import FolderData
from card_studio.engine.data.datasets import open_dataset

ARCHIVE = Path(__file__).resolve().parents[4] / "shared" / "data" / "cifar10-train-jpeg.zip"
pytestmark = pytest.mark.skipif(not ARCHIVE.exists(), reason=f"{ARCHIVE} is not on this machine")


def test_a_sample_of_cifar_10_as_jpeg_opens(tmp_path: Path) -> None:
    options = FolderData(path=ARCHIVE, images_per_class=50, label="CIFAR-10 (JPEG)")
    dataset = open_dataset(options, cache=tmp_path)
    assert dataset.label == "CIFAR-10 (JPEG)"
    assert dataset.classes[0] == "airplane"
    assert dataset.classes[-1] == "truck"
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [400, 50, 50]
    assert torch.bincount(dataset.test.labels).tolist() == [5] * 10
    published = torch.tensor([0.491, 0.482, 0.447])
    torch.testing.assert_close(torch.tensor(dataset.mean), published, atol=0.03, rtol=0)
