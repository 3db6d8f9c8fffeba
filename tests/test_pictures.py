"""Every kind of image file has a stated outcome: RGB pixels, or one line that says what is wrong."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from card_studio import pictures
from card_studio.errors import PictureError
from card_studio.pictures import encode_png, read_picture

RED = np.array([200, 30, 40], np.uint8)


def _file(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (3, height, width), np.uint8)


def _image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_files_come_back_exactly(kind: str) -> None:
    pixels = _picture(7, 5)
    read = read_picture(_file(_image(pixels), kind))
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    np.testing.assert_array_equal(read, pixels)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_files_come_back_nearly(kind: str) -> None:
    smooth = np.broadcast_to(np.linspace(20, 230, 32).astype(np.uint8), (3, 32, 32))
    read = read_picture(_file(_image(smooth), kind, quality=95))
    assert np.abs(read.astype(int) - smooth).mean() < 2


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5))
def test_encode_png_is_the_inverse(width: int, height: int, seed: int) -> None:
    pixels = _picture(width, height, seed)
    np.testing.assert_array_equal(read_picture(encode_png(pixels)), pixels)


def test_grey_becomes_three_equal_channels() -> None:
    grey = np.arange(60, dtype=np.uint8).reshape(6, 10)
    np.testing.assert_array_equal(read_picture(_file(Image.fromarray(grey), "PNG")), np.stack([grey] * 3))


def test_one_bit_becomes_black_and_white() -> None:
    read = read_picture(_file(Image.fromarray(np.eye(8, dtype=bool)), "PNG"))
    np.testing.assert_array_equal(read[1], np.eye(8, dtype=np.uint8) * 255)


def test_sixteen_bit_grey_keeps_its_scale() -> None:
    deep = np.linspace(0, 65535, 64).reshape(8, 8).astype(np.uint16)
    read = read_picture(_file(Image.fromarray(deep), "PNG"))
    np.testing.assert_array_equal(read[0], np.rint(deep / 257).astype(np.uint8))


def test_float_grey_is_taken_from_zero_to_one() -> None:
    values = np.array([[-1.0, 0.0], [0.5, 2.0]], np.float32)
    np.testing.assert_array_equal(read_picture(_file(Image.fromarray(values), "TIFF"))[2], [[0, 0], [128, 255]])


def test_transparency_is_laid_over_white() -> None:
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, :3] = RED
    pixels[0, :, 3] = (255, 0, 128)
    read = read_picture(_file(Image.fromarray(pixels), "PNG"))
    np.testing.assert_array_equal(read[:, 0, 0], RED)
    np.testing.assert_array_equal(read[:, 0, 1], [255, 255, 255])
    half = (RED * (128 / 255) + 255 * (127 / 255)).round()
    np.testing.assert_allclose(read[:, 0, 2], half, atol=1)


def test_palette_becomes_its_colours() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, *RED.tolist()])
    image.putpixel((1, 0), 1)
    read = read_picture(_file(image, "PNG"))
    np.testing.assert_array_equal(read[:, 0].T, [[10, 20, 30], RED])


def test_transparent_palette_is_laid_over_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, *RED.tolist()])
    image.putpixel((1, 0), 1)
    read = read_picture(_file(image, "PNG", transparency=b"\x00\xff"))
    np.testing.assert_array_equal(read[:, 0].T, [[255, 255, 255], RED])


def test_cmyk_becomes_rgb() -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    read = read_picture(_file(image, "JPEG", quality=100))
    np.testing.assert_allclose(read.mean(axis=(1, 2)), [255, 0, 0], atol=6)


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ((200, 30, 40), (0, 255, 0))]
    animated = _file(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_picture(animated)[:, 2, 2], RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photograph_is_turned_upright(kind: str) -> None:
    pixels = np.zeros((3, 16, 32), np.uint8)
    pixels[:, :, 16:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held a quarter turn to the right: the stored top is the picture's right
    read = read_picture(_file(_image(pixels), kind, exif=exif))
    assert read.shape == (3, 32, 16)
    assert read[:, 4].max() < 30
    assert read[:, 28].min() > 225


def test_one_pixel_is_stretched() -> None:
    read = read_picture(_file(_image(RED[:, None, None]), "PNG"), 8)
    np.testing.assert_array_equal(read, np.broadcast_to(RED[:, None, None], (3, 8, 8)))


def test_an_image_of_the_right_size_is_untouched() -> None:
    pixels = _picture(32, 32)
    np.testing.assert_array_equal(read_picture(_file(_image(pixels), "PNG"), 32), pixels)


def test_resizing_takes_the_middle_square() -> None:
    pixels = np.zeros((3, 20, 60), np.uint8)
    pixels[:, :, 20:40] = 255
    np.testing.assert_array_equal(read_picture(_file(_image(pixels), "PNG"), 10), np.full((3, 10, 10), 255))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_resizing_is_antialiased(kind: str) -> None:
    """Stripes finer than the result become their mean, not a moire."""
    stripes = np.zeros((3, 512, 512), np.uint8)
    stripes[:, :, ::2] = 255
    read = read_picture(_file(_image(stripes), kind), 32)
    np.testing.assert_allclose(read, 127.5, atol=6)


def _header_of_png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels_begin = struct.pack(">I", 100) + b"IDAT"
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + pixels_begin


@pytest.mark.parametrize("side", [8_001, 9_500, 20_000, 2_000_000])
def test_too_many_pixels_are_refused_by_the_header(side: int) -> None:
    """There are no pixels behind the header: decoding would give another error."""
    with pytest.raises(PictureError, match=r"bomb.png: .*pixels: at most 64,000,000"):
        read_picture(_header_of_png(side, side), 32, name="bomb.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_cut_off_file_is_refused(kind: str) -> None:
    whole = _file(_image(_picture(64, 64)), kind)
    with pytest.raises(PictureError, match=r"^half: a damaged image file \(.+\)") as caught:
        read_picture(whole[: len(whole) // 2], name="half")
    assert "\n" not in str(caught.value)


def test_text_named_png_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("dear diary")
    with pytest.raises(PictureError, match=r"notes.png: not an image file: allowed are BMP, GIF, JPEG, PNG"):
        read_picture(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    with pytest.raises(PictureError, match=r"empty.png: not an image file: it is empty"):
        read_picture(path)


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(PictureError, match="a folder, not an image file"):
        read_picture(tmp_path)


def test_programs_are_not_started_for_exotic_formats() -> None:
    with pytest.raises(PictureError, match="not an image file"):
        read_picture(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")


@pytest.mark.filterwarnings("ignore")  # decoders may warn of what they then refuse
@given(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM"]), st.data())
def test_damage_is_refused_or_read_but_never_a_bug(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(_file(_image(_picture(9, 9)), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    outcome = "read"
    try:
        assert read_picture(bytes(damaged), 8).shape == (3, 8, 8)
    except PictureError as error:
        outcome = str(error)
    assert outcome == "read" or outcome.startswith("image: ")


def test_suffixes_are_those_of_readable_formats() -> None:
    Image.init()
    for suffix in pictures.PICTURE_SUFFIXES:
        assert Image.registered_extensions()[suffix] in {"BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP", "MPO"}
