"""Someone drops pictures: files, folders, pasted images; good ones are explained, bad ones refused with the reason."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QUrl
from PySide6.QtGui import QGuiApplication, QImage

from card_studio.domain.names import DeckMode


def files(*paths: Path) -> QMimeData:
    """Return a drag of files."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


@pytest.fixture
def played(full, play):
    """Give a page with a deck of three suits on its table."""
    full.workspace.deal("mine", [full.cards[0], full.cards[2], full.cards[4]])
    return play()


def test_a_noisy_photo_goes_to_the_gaussian_card(played, drop, picture):
    page = played.page
    noisy = picture("noisy.png", noise=45.0)
    assert drop(page.preview, files(noisy), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: bool(page.oracle.predictions))
    (one,) = page.oracle.predictions
    assert (one.chosen, one.source) == ("gaussian", "noisy.png")
    assert one.distances[one.suits.index("gaussian")] == min(one.distances)
    chosen = [item.face.suit for item in page.pane.table._items if item.chosen]
    assert chosen == ["gaussian"]
    assert page.preview._verdict.text().startswith("gaussian: ")
    assert f"{100 * one.margin:.1f} % nearer than" in page.preview._margin.text()
    assert "gaussian" in page.preview._bars.accessibleDescription()


def test_a_picture_can_be_dropped_on_the_table_too(played, drop, picture):
    assert drop(played.page.pane.table.viewport(), files(picture("clean.png")), QPoint(40, 40))
    played.qtbot.waitUntil(lambda: bool(played.page.oracle.predictions))
    assert played.page.oracle.predictions[0].source == "clean.png"
    assert played.deck().cards == (played.dealt.cards[0], played.dealt.cards[2], played.dealt.cards[4])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("note.png", b"just words", "not an image"), ("cut.png", None, "cut.png"), ("empty.jpg", b"", "empty.jpg")],
)
def test_a_file_that_is_no_image_is_refused_by_name(played, drop, picture, tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(picture("whole.png").read_bytes()[:200] if content is None else content)
    drop(played.page.preview, files(path), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: bool(played.page.preview._problem.text()))
    text = played.page.preview._problem.text().replace("\u200b", "")
    assert name in text
    assert reason in text
    assert "\n" not in text
    assert played.page.oracle.predictions == ()


def test_good_pictures_among_bad_ones_are_shown(played, drop, picture, tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_text("no")
    drop(played.page.preview, files(picture("a.png"), bad, picture("b.png", noise=60.0)), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: len(played.page.oracle.predictions) == 2)
    assert [each.source for each in played.page.oracle.predictions] == ["a.png", "b.png"]
    assert "bad.txt" in played.page.preview._problem.text().replace("\u200b", "")


def test_a_folder_is_read_and_choices_are_compared(played, drop, picture, tmp_path):
    for index, noise in enumerate((0.0, 0.0, 60.0)):
        picture(f"folder/deep/{index}.png", noise=noise, seed=index)
    (tmp_path / "folder" / "readme.txt").write_text("not a picture, and nobody said it was")
    page = played.page
    drop(page.preview, files(tmp_path / "folder"), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: len(page.oracle.predictions) == 3)
    assert page.preview._problem.text() == ""
    table = page.preview._choices_table
    assert not table.isHidden()
    assert table.model().rowCount() == 3
    assert "As one batch of 3" in page.preview._compared.text()
    table.selectRow(2)
    assert page.preview._verdict.text().startswith("gaussian")
    page.preview._together.setChecked(True)
    assert {each.batch for each in page.oracle.predictions} == {3}
    assert len({each.chosen for each in page.oracle.predictions}) == 1
    assert "3 pictures together" in page.preview._margin.text()


def test_a_folder_without_pictures_is_refused(played, drop, tmp_path):
    (tmp_path / "bare").mkdir()
    drop(played.page.preview, files(tmp_path / "bare"), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: "no image files" in played.page.preview._problem.text())


def test_an_image_is_pasted_from_the_clipboard(played):
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    QGuiApplication.clipboard().setImage(image)
    played.page.preview.paste()
    played.qtbot.waitUntil(lambda: bool(played.page.oracle.predictions))
    (one,) = played.page.oracle.predictions
    assert one.source == "pasted image"
    assert one.image.shape == (3, 32, 32)
    assert one.image[:, 16, 16].tolist() == [0x33, 0x66, 0x99]
    QGuiApplication.clipboard().setText("words")
    played.page.preview.paste()
    assert "no picture on the clipboard" in played.page.preview._problem.text()


def test_samples_of_the_dataset_are_shown(played):
    from card_studio.domain.names import CorruptionName

    page = played.page
    page.preview.show_samples(CorruptionName.GAUSSIAN_NOISE, 5)
    played.qtbot.waitUntil(lambda: len(page.oracle.predictions) == 24)
    assert {each.chosen for each in page.oracle.predictions} == {"gaussian"}
    page.preview.show_samples(CorruptionName.PIXELATE, 5)
    played.qtbot.waitUntil(lambda: "no sample images yet" in page.preview._problem.text())


def test_without_a_card_on_the_table_it_says_what_to_do(full, play, drop, picture):
    full.workspace.deal("bare", [])
    played = play()
    drop(played.page.preview, files(picture()), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: "card on the table first" in played.page.preview._problem.text())


def test_a_gate_without_references_says_so_and_answers_once_they_are_there(dealt, play, drop, picture):
    dealt.add_card(0)
    dealt.add_card(2)
    dealt.workspace.deal("mine", dealt.cards)
    played = play()
    drop(played.page.preview, files(picture(noise=60.0)), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: played.page.preview._empty_title.text() == "The gate cannot choose yet")
    assert "references for clean" in played.page.preview._empty_text.text()
    dealt.prepare_gate()
    played.qtbot.waitUntil(lambda: bool(played.page.oracle.predictions), timeout=10_000)
    assert played.page.oracle.predictions[0].chosen == "gaussian"


def test_an_edit_of_the_deck_is_decided_on_anew(played, drop, picture):
    page = played.page
    drop(page.preview, files(picture(noise=60.0)), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: bool(page.oracle.predictions))
    assert page.oracle.predictions[0].chosen == "gaussian"
    page.pane.document.take_out([1], title="80 gaussian")
    played.qtbot.waitUntil(lambda: bool(page.oracle.predictions) and len(page.oracle.predictions[0].suits) == 2)
    assert page.oracle.predictions[0].chosen != "gaussian"


def test_a_deck_without_a_gate_raises_no_card_and_says_so(full, play, drop, picture):
    full.workspace.deal("mine", [full.cards[0], full.cards[2]], mode=DeckMode.DOMAIN_AGNOSTIC)
    played = play()
    drop(played.page.preview, files(picture(noise=60.0)), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: bool(played.page.oracle.predictions))
    (one,) = played.page.oracle.predictions
    assert one.weights == pytest.approx((0.5, 0.5))
    assert not any(item.chosen for item in played.page.pane.table._items)
    assert "this deck averages all cards" in played.page.preview._margin.text()
