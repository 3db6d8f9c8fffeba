"""Someone drags a picture out of a browser: the image itself, an address that is fetched, or one that carries it."""

import base64
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from PySide6.QtCore import QMimeData, QPoint, QUrl
from PySide6.QtGui import QImage

from card_studio.errors import UserError
from card_studio.pictures import encode_png
from card_studio.studio import fetching
from card_studio.studio.fetching import fetched
from card_studio.ui.deck_mime import pictures_of
from tests.ui.deck.images import natural, noisy

NOISY = encode_png(noisy(natural(1, 9), 60.0)[0])


class Pages(BaseHTTPRequestHandler):
    """A small site: one picture, one page, one picture that is too large, and one that is moved."""

    def do_GET(self) -> None:
        """Answer as a server does."""
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/cat.png?width=1")
            self.end_headers()
            return
        bodies = {"/cat.png": NOISY, "/page.html": b"<html>cats</html>", "/huge.png": bytes(fetching.MOST_BYTES + 1)}
        body = bodies.get(self.path.split("?")[0])
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The site's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def address(*urls: str) -> QMimeData:
    """Return a drag of addresses."""
    mime = QMimeData()
    mime.setUrls([QUrl(url) for url in urls])
    return mime


@pytest.fixture
def played(full, play):
    """Give a page with a deck of three suits on its table."""
    full.workspace.deal("mine", [full.cards[0], full.cards[2], full.cards[4]])
    return play()


def test_a_picture_is_fetched_from_its_address(played, drop, site):
    page = played.page
    assert drop(page.preview, address(f"{site}/moved/cat.png"), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: bool(page.oracle.predictions))
    (one,) = page.oracle.predictions
    assert (one.source, one.chosen) == ("cat.png", "gaussian")


@pytest.mark.parametrize(
    ("path", "reason"), [("/page.html", "page.html: not an image file"), ("/gone.png", "404")], ids=["a page", "gone"]
)
def test_an_address_without_a_picture_is_refused_by_name(played, drop, site, path, reason):
    drop(played.page.preview, address(site + path), QPoint(100, 300))
    played.qtbot.waitUntil(lambda: bool(played.page.preview._problem.text()))
    text = played.page.preview._problem.text().replace("\u200b", "")
    assert reason in text
    assert "\n" not in text


def test_the_image_is_taken_before_its_address():
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(0)
    mime = address("https://example.org/cat.png")
    mime.setImageData(image)
    assert pictures_of(mime).sources == (image,)


def test_an_address_may_carry_the_image_itself():
    coded = base64.b64encode(NOISY).decode()
    (image,) = pictures_of(address(f"data:image/png;base64,{coded}")).sources
    assert isinstance(image, QImage)
    assert (image.width(), image.height()) == (32, 32)
    assert "empty or damaged" in pictures_of(address("data:image/png;base64,AAAA")).problem
    assert "only files, images and web addresses" in pictures_of(address("ftp://example.org/cat.png")).problem


def test_what_cannot_be_fetched_says_why_and_what_to_do_instead(site):
    with pytest.raises(UserError, match="over 32 MiB: save the image and drop the file"):
        fetched(f"{site}/huge.png")
    with pytest.raises(UserError, match=r"cannot be fetched \(.*refused.*\): save the image"):
        fetched("http://127.0.0.1:9/cat.png")
    with pytest.raises(UserError, match="not a web address"):
        fetched("file:///etc/hostname")
