"""Card files that are damaged, cut, foreign or hostile: refused in one line, quickly, with bounded memory."""

import hashlib
import json
import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from card_studio.domain.names import NetworkName
from card_studio.domain.options import NetworkOptions
from card_studio.engine.card_container import write_container
from card_studio.engine.card_file import load_card
from card_studio.engine.card_header import layout_of, outline_of
from card_studio.errors import CardFileError
from tests.engine.card_files import refused

# --- damage -----------------------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(st.data())
def test_any_byte_changed_is_refused(
    saved: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(saved) - 1))
    change = data.draw(st.integers(1, 255))
    refused(saved[:at] + bytes([saved[at] ^ change]) + saved[at + 1 :], tmp_path_factory.getbasetemp())


def test_every_bit_of_the_header_counts(saved: bytes, tmp_path: Path) -> None:
    header = 8 + struct.unpack("<Q", saved[:8])[0]
    for at in range(0, header, 5):
        bit = 1 << (at % 8)
        refused(saved[:at] + bytes([saved[at] ^ bit]) + saved[at + 1 :], tmp_path)


@settings(max_examples=150)
@given(st.data())
def test_any_length_cut_or_added_is_refused(
    saved: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    refused(saved[: data.draw(st.integers(0, len(saved) - 1))], folder)
    refused(saved + data.draw(st.binary(min_size=1, max_size=64)), folder)


@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    refused(content, tmp_path_factory.getbasetemp())


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.card", tmp_path):
        with pytest.raises(CardFileError, match="no such card file"):
            load_card(path)


# --- hostile: the checksum fits, the content does not -----------------------------------------------------------------


def forged(saved: bytes, change: Callable[[dict[str, Any], dict[str, Any]], None], data: bytes | None = None) -> bytes:
    """Rewrite a file's header and give it a checksum that fits, written from the format's description."""
    length = struct.unpack("<Q", saved[:8])[0]
    index = json.loads(saved[8 : 8 + length])
    data = saved[8 + length :] if data is None else data
    meta = index.pop("__metadata__")
    card = json.loads(meta["card"])
    change(card, index)
    meta |= {"card": json.dumps(card), "checksum": "0" * 64}
    identity = hashlib.sha256(
        json.dumps([meta["card"], index], sort_keys=True, separators=(",", ":")).encode() + data
    ).hexdigest()
    text = json.dumps({"__metadata__": meta, **index}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    head = struct.pack("<Q", len(text)) + text
    checksum = hashlib.sha256(head + identity.encode()).hexdigest()
    return head.replace(b"0" * 64, checksum.encode(), 1) + data


def test_the_forgers_checksum_does_fit(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "forged.card"
    path.write_bytes(forged(saved, lambda card, index: card.update(level=5)))
    assert load_card(path).level == 5


def _shift(card: dict[str, Any], add: int, take: int) -> None:
    card["kept"][0] += add
    card["kept"][1] -= take


HOSTILE: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "kept more than there are": lambda card, index: _shift(card, 10**12, 10**12),
    "kept does not fit the values": lambda card, index: _shift(card, 1, 0),
    "kept does not fit the masks": lambda card, index: _shift(card, 1, 1),
    "negative kept": lambda card, index: _shift(card, -999, -999),
    "layer called binary": lambda card, index: card["binary"].__setitem__(0, True),
    "layer missing": lambda card, index: (card["kept"].pop(), card["binary"].pop()),
    "another layout": lambda card, index: card.update(layout="0" * 16),
    "giant network": lambda card, index: card["recipe"]["network"].update(name="wideresnet18_2", width=16),
    "giant image": lambda card, index: (card.update(size=16384), card["recipe"]["network"].update(name="conv2")),
    "another network": lambda card, index: card["recipe"]["network"].update(name="resnet20"),
    "size 0": lambda card, index: card.update(size=0),
    "tiny image": lambda card, index: card.update(size=4),
    "no classes": lambda card, index: card.update(classes=[]),
    "recipe of the future": lambda card, index: card["recipe"].update(magic=1),
    "other value type": lambda card, index: card.update(values="int8"),
    "unknown value type": lambda card, index: card.update(values="float64"),
    "affine denied": lambda card, index: card.update(affine=False),
    "extra key": lambda card, index: card.update(surprise=1),
    "key missing": lambda card, index: card.pop("packages"),
    "tensor renamed": lambda card, index: index.update({"other": index.pop("floats")}),
    "masks missing": lambda card, index: index.update({"more": index.pop("masks")}),
    "offsets outside": lambda card, index: index["floats"].update(data_offsets=[0, 10**15]),
    "shape that lies": lambda card, index: index["floats"].update(shape=[10**6]),
    "huge shape": lambda card, index: index["floats"].update(shape=[2**62, 4]),
    "two dimensions": lambda card, index: index["floats"]["shape"].append(1),
    "integers for floats": lambda card, index: index["floats"].update(dtype="I32"),
    "unknown type": lambda card, index: index["floats"].update(dtype="X9"),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_headers_are_refused(change: Callable[..., Any], saved: bytes, tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        refused(forged(saved, change), tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    finally:
        tracemalloc.stop()


@settings(max_examples=50)
@given(st.randoms(use_true_random=False))
def test_hostile_data_with_a_checksum_that_fits(
    saved: bytes, tmp_path_factory: pytest.TempPathFactory, random: Any
) -> None:
    length = struct.unpack("<Q", saved[:8])[0]
    index = json.loads(saved[8 : 8 + length])
    begin, end = index["masks"]["data_offsets"]
    data = bytearray(saved[8 + length :])
    data[begin:end] = random.randbytes(end - begin)
    refused(forged(saved, lambda card, index: None, bytes(data)), tmp_path_factory.getbasetemp())


def test_a_tiny_file_of_an_enormous_empty_network_is_refused(saved: bytes, tmp_path: Path) -> None:
    length = struct.unpack("<Q", saved[:8])[0]
    card = json.loads(json.loads(saved[8 : 8 + length])["__metadata__"]["card"])
    network = NetworkOptions(name=NetworkName.CONV2, width=7)  # 206 million weights, all of them removed
    outline = outline_of(network, classes=10, size=32, affine=False)
    card["recipe"]["network"] |= {"name": "conv2", "width": 7}
    card |= {"kept": [0] * 5, "binary": [False] * 5, "layout": layout_of(outline), "affine": False}
    bits, numbers = torch.zeros(0, dtype=torch.uint8), torch.zeros(0)
    tensors = {"masks": bits, "signs": bits, "values": numbers, "scales": torch.ones(5), "floats": torch.ones(6)}
    beside = {"labels": {}, "extras": {}}
    _, data = write_container(card, tensors | {"integers": torch.zeros(0, dtype=torch.int64)}, beside)
    refused(data, tmp_path, "bytes cannot hold its network of 2..,...,... weights")


def test_deeply_nested_json_is_refused(tmp_path: Path) -> None:
    text = b"[" * 100_000
    refused(struct.pack("<Q", len(text)) + text, tmp_path)


def test_a_large_foreign_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.card"
    with path.open("wb") as file:
        file.write(b"\x7fELF and so on")
        file.truncate(1 << 30)  # sparse: takes no room
    tracemalloc.start()
    try:
        with pytest.raises(CardFileError, match="not a card file"):
            load_card(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
        os.truncate(path, 1 << 40)
        with pytest.raises(CardFileError, match="too large to be a card file"):
            load_card(path)
    finally:
        tracemalloc.stop()


def test_a_plain_safetensors_file_is_told_from_a_card(tmp_path: Path) -> None:
    refused(safetensors.numpy.save({"a": np.zeros(3, np.float32)}), tmp_path, "not a card file; .*import it")


@pytest.mark.parametrize(("version", "match"), [("2", "use a newer release"), ("999", "newer"), ("x", "not a card")])
def test_other_format_versions_are_named(version: str, match: str, saved: bytes, tmp_path: Path) -> None:
    length = struct.unpack("<Q", saved[:8])[0]
    header = saved[8 : 8 + length].replace(b'"format":"1"', f'"format":"{version}"'.encode())
    refused(struct.pack("<Q", len(header)) + header + saved[8 + length :], tmp_path, match)
