"""What a prediction says in words, and the spectrum that it shows."""

import numpy as np
import pytest

from card_studio.domain.ids import CardId
from card_studio.domain.names import DeckMode
from card_studio.domain.prediction import Prediction, centred_spectrum


def prediction(margin: float, probabilities: np.ndarray | None = None) -> Prediction:
    return Prediction(
        source="image 1",
        image=np.zeros((3, 4, 4), np.uint8),
        spectrum=np.zeros((4, 4), np.float32),
        suits=("clean", "gaussian"),
        distances=(1.0, 1.0 + margin),
        chosen="clean",
        margin=margin,
        batch=1,
        mode=DeckMode.DOMAIN_ADAPTIVE,
        cards=(CardId("a"),),
        weights=(1.0,),
        chosen_cards=(CardId("a"),),
        classes=("cat", "dog"),
        card_probabilities=None,
        probabilities=probabilities,
    )


@pytest.mark.parametrize(
    ("margin", "words"),
    [
        (0.0, "a close call"),
        (0.0199, "a close call"),
        (0.02, "fairly clear"),
        (0.0499, "fairly clear"),
        (0.05, "clear"),
        (float("inf"), "clear"),
    ],
)
def test_margins_in_words(margin: float, words: str) -> None:
    assert prediction(margin).verdict == words


def test_there_is_no_label_before_the_cards_have_spoken() -> None:
    assert prediction(1.0).label is None
    assert prediction(1.0, np.array([0.2, 0.8], np.float32)).label == "dog"


@pytest.mark.parametrize("size", [7, 8])
def test_a_plain_wave_shows_at_its_frequency_and_the_mirror(size: int) -> None:
    wave = 100 + 100 * np.cos(2 * np.pi * 2 * np.arange(size) / size)
    image = np.broadcast_to(wave.round().astype(np.uint8), (3, size, size))
    spectrum = centred_spectrum(image)
    assert spectrum.shape == (size, size)
    assert spectrum.dtype == np.float32
    centre = size // 2
    brightest = {tuple(int(k) for k in np.unravel_index(i, spectrum.shape)) for i in np.argsort(spectrum.ravel())[-3:]}
    assert brightest == {(centre, centre), (centre, centre - 2), (centre, centre + 2)}
    assert spectrum[centre, centre] == pytest.approx(np.log1p(image[0].sum()), rel=1e-5)
