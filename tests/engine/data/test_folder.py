"""Folders and zips of class folders: the same data either way, cached, and refused where they are not what was said."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from card_studio.domain.options import FolderData
from card_studio.engine.data import folder, picture_sources
from card_studio.engine.data.folder import reading_folder
from card_studio.engine.data.progress import finished
from card_studio.engine.data.split import Pool
from card_studio.errors import DataError


def _png(red: int, green: int = 0, size: tuple[int, int] = (10, 14)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (red, green, 9)).save(buffer, "PNG")
    return buffer.getvalue()


FILES = {f"{name}/{i}.png": _png(label, i) for label, name in enumerate(["ash", "elm"]) for i in range(5)}


def _folder(top: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    return top


def _zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def read_folder(path: Path, options: FolderData, cache: Path) -> Pool:
    return finished(reading_folder(path, options, cache))


def _options(**changes: object) -> FolderData:
    return FolderData.model_validate({"path": "unused", "size": 8, **changes})


def test_a_zip_and_its_folder_are_the_same_data(tmp_path: Path) -> None:
    pools = [
        read_folder(_folder(tmp_path / "trees", FILES), _options(), tmp_path / "cache1"),
        read_folder(_zip(tmp_path / "trees.zip", FILES), _options(), tmp_path / "cache2"),
    ]
    for pool in pools:
        assert pool.classes == ("ash", "elm")
        np.testing.assert_array_equal(pool.labels, [0] * 5 + [1] * 5)
        np.testing.assert_array_equal(pool.images[:, 0, 3, 3], pool.labels)
        np.testing.assert_array_equal(pool.images[:, 1, 3, 3], [*range(5), *range(5)])
    assert pools[0].content == pools[1].content


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("above", ["train/", "pets/train/"])
def test_a_single_top_folder_is_descended_into(tmp_path: Path, zipped: bool, above: str) -> None:
    files = {above + name: data for name, data in FILES.items()}
    path = _zip(tmp_path / "a.zip", files) if zipped else _folder(tmp_path / "a", files)
    assert read_folder(path, _options(), tmp_path / "cache").classes == ("ash", "elm")


def test_hidden_and_other_files_are_left_out(tmp_path: Path) -> None:
    extra = {"elm/notes.txt": b"x", "elm/.hidden.png": b"x", "__MACOSX/elm/._1.png": b"x", ".git/a/b.png": b"x"}
    for path in (_folder(tmp_path / "a", FILES | extra), _zip(tmp_path / "a.zip", FILES | extra)):
        assert len(read_folder(path, _options(), tmp_path / "cache").labels) == 10


def test_what_was_decoded_is_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [_folder(tmp_path / "a", FILES), _zip(tmp_path / "a.zip", FILES)]
    first = [read_folder(path, _options(), tmp_path / "cache") for path in paths]
    monkeypatch.setattr(folder, "read_picture", lambda *_, **__: pytest.fail("decoded twice"))
    for path, before in zip(paths, first, strict=True):
        after = read_folder(path, _options(), tmp_path / "cache")
        assert after.content == before.content
        np.testing.assert_array_equal(after.images, before.images)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1, "folder and zip are the same content"


def test_a_zip_is_not_read_again_when_only_its_hash_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _zip(tmp_path / "a.zip", FILES)
    before = read_folder(path, _options(), tmp_path / "cache")
    monkeypatch.setattr(folder, "opened", lambda _: pytest.fail("opened again"))
    assert read_folder(path, _options(), tmp_path / "cache").content == before.content


def test_a_changed_image_is_seen(tmp_path: Path) -> None:
    top = _folder(tmp_path / "a", FILES)
    before = read_folder(top, _options(), tmp_path / "cache")
    (top / "elm/0.png").write_bytes(_png(77))
    after = read_folder(top, _options(), tmp_path / "cache")
    assert after.content != before.content
    assert after.images[5, 0, 0, 0] == 77


def test_images_per_class_are_drawn_by_the_seed(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", FILES)
    draws = {}
    for seed in range(6):
        pool = read_folder(path, _options(images_per_class=3, split_seed=seed), tmp_path / "cache")
        np.testing.assert_array_equal(np.bincount(pool.labels), [3, 3])
        assert len(np.unique(pool.images[:3, 1, 0, 0])) == 3
        draws[seed] = pool.content
    assert len(set(draws.values())) > 1
    again = read_folder(path, _options(images_per_class=3, split_seed=0), tmp_path / "other cache")
    assert again.content == draws[0]


def test_images_of_any_size_are_cut_square_and_resized(tmp_path: Path) -> None:
    files = {"a/1.png": _png(10, size=(3, 50)), "a/2.png": _png(10, size=(1, 1)), "b/1.png": _png(10, size=(300, 200))}
    pool = read_folder(_folder(tmp_path / "a", files), _options(size=16), tmp_path / "cache")
    assert pool.images.shape == (3, 3, 16, 16)
    assert (pool.images[:, 0] == 10).all()


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "no class folders: wanted are"),
        ({"a.png": _png(1), "b.png": _png(2)}, "a.png does not lie directly in a class folder"),
        ({"only/1.png": _png(1), "only/2.png": _png(1)}, "no class folders: wanted are at least two"),
        ({**FILES, "1.png": _png(1)}, "1.png does not lie directly in a class folder"),
        ({"train/a/1.png": _png(1), "test/a/1.png": _png(1)}, "1.png does not lie directly in a class folder"),
        ({**FILES, "elm/x.png": b"text"}, "elm/x.png: not an image file"),
        ({**FILES, "elm/x.png": b""}, "elm/x.png: not an image file: it is empty"),
        ({**FILES, "elm/x.png": _png(1)[:-30]}, "elm/x.png: a damaged image file"),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_what_is_not_class_folders_of_images_is_refused(
    tmp_path: Path, files: dict[str, bytes], complaint: str, zipped: bool
) -> None:
    (tmp_path / "in").mkdir()
    path = _zip(tmp_path / "in.zip", files) if zipped else _folder(tmp_path / "in", files)
    with pytest.raises(DataError, match=complaint) as caught:
        read_folder(path, _options(), tmp_path / "cache")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache").rglob("*.*")), "nothing half-written"


@pytest.mark.parametrize(
    "member", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "C:\\evil.png", "a\\..\\..\\evil.png", "a/.."]
)
def test_a_zip_that_points_outside_is_refused_and_nothing_is_written(tmp_path: Path, member: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    path = _zip(inside / "a.zip", {**FILES, member: _png(1)})
    with pytest.raises(DataError, match="points outside the archive"):
        read_folder(path, _options(), inside / "cache")
    assert [p.name for p in tmp_path.rglob("*")] == ["inside", "a.zip"]


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    whole = _zip(tmp_path / "a.zip", FILES).read_bytes()
    (tmp_path / "text.zip").write_text("hello")
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    for name in ("text.zip", "cut.zip"):
        with pytest.raises(DataError, match=rf"{name}: not a folder, and not a whole .zip file"):
            read_folder(tmp_path / name, _options(), tmp_path / "cache")
    flipped = bytearray(_zip(tmp_path / "b.zip", FILES, zipfile.ZIP_STORED).read_bytes())
    flipped[60] ^= 255
    (tmp_path / "flipped.zip").write_bytes(flipped)
    with pytest.raises(DataError, match=r"flipped.zip: ash/0.png is damaged or encrypted \(Bad CRC-32"):
        read_folder(tmp_path / "flipped.zip", _options(), tmp_path / "cache")


def test_a_member_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_sources, "MAX_FILE_BYTES", 1_000_000)
    path = _zip(tmp_path / "bomb.zip", {**FILES, "elm/bomb.png": bytes(1_000_001)})
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match=r"'elm/bomb.png' would unpack to 1,000,001 bytes: at most 1,000,000"):
        read_folder(path, _options(), tmp_path / "cache")


def test_more_images_than_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_LARGEST_SHARE_OF_MEMORY", 1e-9)
    with pytest.raises(DataError, match=r"10 images of 512 x 512 px need 0.0 GB of memory"):
        read_folder(_folder(tmp_path / "a", FILES), _options(size=512), tmp_path / "cache")


def test_a_link_back_to_a_parent_ends(tmp_path: Path) -> None:
    top = _folder(tmp_path / "a", FILES)
    (top / "elm" / "loop").symlink_to(top, target_is_directory=True)
    with pytest.raises(DataError, match="does not lie directly in a class folder"):
        read_folder(top, _options(), tmp_path / "cache")
