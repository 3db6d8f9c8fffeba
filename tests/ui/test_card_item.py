"""A card says its suit, rank, method, figures and map at every size; its states can be told apart."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QGraphicsScene, QGraphicsView
from pytestqt.qtbot import QtBot

from card_studio.domain.ids import CardId
from card_studio.ui.card_face import Face, rank_text, size_text
from card_studio.ui.card_item import LIFT_PX, CardItem
from card_studio.ui.card_paint import CardPainter, CardSize, action_rect, card_extent, map_image
from card_studio.ui.colour_maps import SEQUENTIAL
from card_studio.ui.suits import suit_colour
from card_studio.ui.theme import Theme


def face(**changes: object) -> Face:
    """Return a face with everything known."""
    values: dict[str, object] = {
        "id": CardId("a" * 64),
        "name": "my card",
        "suit": "gaussian",
        "label": "gaussian",
        "rank": "80",
        "method": "LRR",
        "network": "resnet20",
        "clean": 0.941,
        "robust": 0.812,
        "file_bytes": 36_210,
        "picture": np.full((32, 32), 0.25, np.float32),
        "definition": "all test images",
        "data_label": "shapes",
        "data_digest": "d" * 64,
    }
    return Face(**(values | changes))  # type: ignore[arg-type]


def pixels(image: QImage) -> set[str]:
    """Return all colours of an image."""
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


@pytest.mark.parametrize("size", list(CardSize))
@pytest.mark.parametrize("dpr", [1.0, 2.0])
@pytest.mark.parametrize("choice", ["light", "dark"])
def test_a_card_shows_its_suit_and_its_map(
    theme: Theme, qapp: QApplication, size: CardSize, dpr: float, choice: str
) -> None:
    theme.apply(qapp, choice)  # type: ignore[arg-type]
    pixmap = CardPainter(theme).pixmap(face(), size, dpr)
    extent = card_extent(size)
    assert (pixmap.width(), pixmap.height()) == (round(extent.width() * dpr), round(extent.height() * dpr))
    found = pixels(pixmap.toImage())
    assert QColor(suit_colour("gaussian")).name() in found
    assert QColor(*SEQUENTIAL[64]).name() in found  # 0.25 on the scale of 0 to 1, unsmoothed


def test_a_card_is_painted_once_for_each_look(theme: Theme, qapp: QApplication) -> None:
    painter = CardPainter(theme)
    first = painter.pixmap(face(), CardSize.MEDIUM, 1.0)
    assert painter.pixmap(face(), CardSize.MEDIUM, 1.0).cacheKey() == first.cacheKey()
    others = [
        painter.pixmap(face(clean=0.5), CardSize.MEDIUM, 1.0),
        painter.pixmap(face(), CardSize.LARGE, 1.0),
        painter.pixmap(face(), CardSize.MEDIUM, 2.0),
    ]
    theme.apply(qapp, "dark")
    others.append(painter.pixmap(face(), CardSize.MEDIUM, 1.0))
    assert first.cacheKey() not in {each.cacheKey() for each in others}


def test_the_map_is_drawn_on_one_scale_for_all_cards() -> None:
    errors = np.array([[0.0, 1.0], [0.5, 2.0]], np.float32)
    image = map_image(errors)
    shown = [image.pixelColor(x, y).getRgb()[:3] for y in range(2) for x in range(2)]
    assert shown == [tuple(SEQUENTIAL[index]) for index in (0, 255, 128, 255)]


def test_ranks_and_sizes_are_written_as_people_read_them() -> None:
    assert [rank_text(share) for share in (0.0, 0.8, 0.975, 0.99999)] == ["D", "80", "97.5", "99.9"]
    assert [size_text(count) for count in (120, 36_210, 225_000, 1_500_000)] == ["120 B", "36.2 kB", "225 kB", "1.5 MB"]


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({}, ""),
        ({"clean": None, "robust": None}, "Evaluate"),
        ({"picture": None}, "Map"),
        ({"clean": None, "robust": None, "picture": None}, "Evaluate"),
        ({"picture": None, "queued": True}, "Queued"),
    ],
)
def test_what_is_missing_can_be_queued_by_one_click(theme: Theme, changes: dict[str, object], action: str) -> None:
    shown = face(**changes)
    assert shown.action == action
    for size in CardSize:
        rect = action_rect(shown, size)
        assert rect.isEmpty() == (not action)
        item = CardItem(shown, CardPainter(theme), size)
        assert item.on_action(rect.center()) == (action not in ("", "Queued"))
        assert item.card_rect().contains(rect) or not action


def test_a_card_in_words_says_what_is_missing() -> None:
    assert "clean 94.1 %, robust 81.2 %" in face().spoken
    assert "80 % sparse" in face().spoken
    silent = face(clean=None, robust=None, picture=None).spoken
    assert "not evaluated yet" in silent
    assert "not mapped yet" in silent


def test_a_chosen_card_rises_and_others_are_dimmed(theme: Theme, qtbot: QtBot) -> None:
    item = CardItem(face(), CardPainter(theme), CardSize.MEDIUM)
    item.set_chosen(True)
    qtbot.waitUntil(lambda: item.lift == LIFT_PX)
    assert item.opacity() == 1.0
    item.set_chosen(False, dimmed=True)
    qtbot.waitUntil(lambda: item.lift == 0.0)
    assert item.opacity() < 1.0


def test_selected_and_focused_are_seen(theme: Theme, qtbot: QtBot) -> None:
    scene = QGraphicsScene()
    view = QGraphicsView(scene)
    qtbot.addWidget(view)
    item = CardItem(face(), CardPainter(theme), CardSize.MEDIUM)
    scene.addItem(item)
    view.resize(300, 400)
    looks = []
    for selected, focused in ((False, False), (True, False), (False, True)):
        item.set_states(selected=selected, focused=focused)
        looks.append(pixels(view.grab().toImage()))
    accent, focus = QColor(theme.tokens.accent).name(), QColor(theme.tokens.focus).name()
    assert accent not in looks[0]
    assert accent in looks[1]
    assert focus not in looks[1]
    assert focus in looks[2]


def test_a_card_slides_to_its_place(theme: Theme, qtbot: QtBot) -> None:
    item = CardItem(face(), CardPainter(theme), CardSize.SMALL)
    item.go_to(QPointF(100, 50), at_once=True)
    assert item.pos() == QPointF(100, 50)
    item.go_to(QPointF(200, 50), at_once=False)
    assert item.pos() == QPointF(100, 50)
    assert item.place == QPointF(200, 50)
    qtbot.waitUntil(lambda: item.pos() == QPointF(200, 50))
