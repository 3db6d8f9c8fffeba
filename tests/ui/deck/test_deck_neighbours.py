"""Someone asks why: beside a picture stand the reference images whose spectra are nearest to its own."""

import numpy as np
import pytest

from card_studio.domain.gate import features, reference_images_name, reference_key
from card_studio.domain.job import GateOptions, PrepareGate
from card_studio.domain.options import CleanAugmentation, GaussianAugmentation
from card_studio.files import array_bytes, write_atomically
from card_studio.ui.deck_oracle import NEIGHBOURS
from tests.ui.deck.filling import DIGEST
from tests.ui.deck.images import augmented, natural


def keep_images(full, *names: str) -> None:
    """Put reference images where a job that prepares a gate leaves them."""
    for augmentation in (CleanAugmentation(), GaussianAugmentation()):
        if augmentation.name in names:
            key = reference_key(DIGEST, augmentation, GateOptions())
            path = full.folder / "cache" / "references" / reference_images_name(key)
            write_atomically(path, array_bytes(augmented(natural(60, 2), str(augmentation.name))))


@pytest.fixture
def played(full, play):
    """Give a page with a deck of two suits on its table."""
    full.workspace.deal("mine", [full.cards[0], full.cards[2]])
    return play()


def test_the_nearest_reference_images_are_shown_with_their_distances(played, picture):
    keep_images(played.dealt, "clean", "gaussian")
    page, panel = played.page, played.page.preview._neighbours
    page.show_images([picture("noisy.png", noise=45.0)])
    played.qtbot.waitUntil(lambda: len(panel.rows._rows) == 2)
    assert not panel.wanting
    (one,) = page.oracle.predictions
    for (found, images), name, distance in zip(panel.rows._rows, ("clean", "gaussian"), one.distances, strict=True):
        assert found.suit == name
        assert len(images) == len(found.distances) == NEIGHBOURS
        assert found.distances[0] == pytest.approx(distance, rel=1e-5)
        references = augmented(natural(60, 2), name)
        spectra = features(references, GateOptions()).astype(np.float64)
        all_distances = np.linalg.norm(spectra - features(one.image[None], GateOptions()), axis=1)
        assert found.distances == pytest.approx(np.sort(all_distances)[:NEIGHBOURS], rel=1e-5)
        for image, index in zip(found.images, found.indices, strict=True):
            assert np.array_equal(image, references[index])
    first = panel.rows._rows[1][0]
    words = panel.rows.words_at(40, 48 + 40)
    assert words == f"gaussian reference {first.indices[0] + 1} of 60, distance {first.distances[0]:.3f}"
    assert panel.rows.words_at(5, 5) == ""


def test_images_that_are_not_here_can_be_made(played, picture):
    keep_images(played.dealt, "clean")
    page, panel = played.page, played.page.preview._neighbours
    page.show_images([picture("photo.png")])
    played.qtbot.waitUntil(lambda: panel.wanting)
    assert [len(images) for _, images in panel.rows._rows] == [NEIGHBOURS, 0]
    panel.make.click()
    played.qtbot.waitUntil(lambda: bool(page._bridge.workspace.jobs()))
    (job,) = page._bridge.workspace.jobs()
    assert isinstance(job.spec, PrepareGate)
    assert [each.name for each in job.spec.augmentations] == ["gaussian"]
    assert job.spec.suites == ()
    assert not panel.make.isEnabled()
    keep_images(played.dealt, "gaussian")
    page.refresh()
    played.qtbot.waitUntil(lambda: not panel.wanting)
    assert [len(images) for _, images in panel.rows._rows] == [NEIGHBOURS, NEIGHBOURS]
