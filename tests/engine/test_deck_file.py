"""The .deck file: all back to the byte; damage and hostility refused in one line, quickly and in little memory."""

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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from card_studio.domain.ids import CardId
from card_studio.domain.job import ExportDeck
from card_studio.engine.card_file import load_card
from card_studio.engine.context import Context
from card_studio.engine.data.progress import finished
from card_studio.engine.deck_file import DeckExtras, DeckFile, reading_deck, writing_deck
from card_studio.engine.export import export_deck
from card_studio.errors import CardFileError
from tests.engine.decks import SUITS, export_of, references


def written(spec: ExportDeck, context: Context) -> bytes:
    list(export_deck(spec, context))
    return spec.out.read_bytes()


@pytest.fixture
def saved(context: Context, tmp_path: Path) -> bytes:
    """Return the bytes of a deck's file."""
    return written(export_of(context, tmp_path / "three.deck"), context)


def read(data: bytes, folder: Path) -> DeckFile:
    path = folder / "some.deck"
    path.write_bytes(data)
    return finished(reading_deck(path))


def refused(data: bytes, folder: Path, match: str = ".") -> None:
    path = folder / "bad.deck"
    path.write_bytes(data)
    with pytest.raises(CardFileError, match=match) as caught:
        finished(reading_deck(path))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


# --- what comes back --------------------------------------------------------------------------------------------------


def test_everything_comes_back(context: Context, tmp_path: Path) -> None:
    spec = export_of(context, tmp_path / "three.deck", order=(2, 0, 1, 2), batch=4)
    deck = read(written(spec, context), tmp_path)
    assert deck.header.deck == spec.deck
    assert deck.header.augmentations == SUITS
    assert (deck.header.size, deck.header.data_label, deck.header.data_digest) == (32, "shapes", "data")
    assert deck.extras.name == "Three"
    assert deck.extras.labels == spec.labels
    for suit, spectra in enumerate(references()):
        np.testing.assert_array_equal(deck.spectra(suit), spectra)
    assert len(deck.header.cards) == 3
    for card in deck.header.cards:
        finished(deck.copying(card, tmp_path / "out.card"))
        assert (tmp_path / "out.card").read_bytes() == (context.cards / f"{card}.card").read_bytes()


def test_the_same_deck_gives_the_same_file_and_nothing_of_the_machine(
    saved: bytes, context: Context, tmp_path: Path
) -> None:
    assert written(export_of(context, tmp_path / "again.deck"), context) == saved
    assert str(tmp_path).encode() not in saved


def test_other_programs_read_it_as_safetensors(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.deck"
    path.write_bytes(saved)
    with safetensors.safe_open(path, "numpy") as file:
        assert json.loads(file.metadata()["deck"])["deck"]["mode"] == "domain_adaptive"
        np.testing.assert_array_equal(file.get_tensor("reference.1"), references()[1])
        name = next(each for each in file.keys() if each.startswith("card."))  # noqa: SIM118 - it is no mapping
        (tmp_path / "y.card").write_bytes(file.get_tensor(name).tobytes())
    assert load_card(tmp_path / "y.card").data_label == "shapes"


# --- damage -----------------------------------------------------------------------------------------------------------

ANYWHERE = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ANYWHERE
@given(data=st.data())
def test_any_byte_changed_is_refused(saved: bytes, tmp_path: Path, data: st.DataObject) -> None:
    header = 8 + struct.unpack("<Q", saved[:8])[0]
    at = data.draw(st.integers(0, header + 64) | st.integers(0, len(saved) - 1))
    change = data.draw(st.integers(1, 255))
    refused(saved[:at] + bytes([saved[at] ^ change]) + saved[at + 1 :], tmp_path)


@ANYWHERE
@given(data=st.data())
def test_any_length_cut_or_added_is_refused(saved: bytes, tmp_path: Path, data: st.DataObject) -> None:
    refused(saved[: data.draw(st.integers(0, len(saved) - 1))], tmp_path)
    refused(saved + data.draw(st.binary(min_size=1, max_size=64)), tmp_path)


@ANYWHERE
@given(content=st.binary(max_size=300))
def test_foreign_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    refused(content, tmp_path)


def test_a_card_file_is_told_from_a_deck(context: Context, saved: bytes, tmp_path: Path) -> None:
    card = next(context.cards.glob("*.card"))
    refused(card.read_bytes(), tmp_path, "not a deck file")
    card.write_bytes(saved)
    with pytest.raises(CardFileError, match="not a card file"):
        load_card(card)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.deck", tmp_path):
        with pytest.raises(CardFileError, match="no such deck file"):
            finished(reading_deck(path))


# --- hostile: the checksum fits, the content does not -----------------------------------------------------------------

Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], Any]


def forged(saved: bytes, change: Change, data: bytes | None = None) -> bytes:
    """Rewrite a file's header and give it a checksum that fits, written from the format's description."""
    length = struct.unpack("<Q", saved[:8])[0]
    index = json.loads(saved[8 : 8 + length])
    data = saved[8 + length :] if data is None else data
    meta = index.pop("__metadata__")
    deck, extras = json.loads(meta["deck"]), json.loads(meta["extras"])
    change(deck, index, extras)
    meta |= {"deck": json.dumps(deck), "extras": json.dumps(extras), "checksum": "0" * 64}
    content = json.dumps([meta["deck"], index], sort_keys=True, separators=(",", ":")).encode() + data
    identity = hashlib.sha256(content).hexdigest()
    text = json.dumps({"__metadata__": meta, **index}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    head = struct.pack("<Q", len(text)) + text
    checksum = hashlib.sha256(head + identity.encode()).hexdigest()
    return head.replace(b"0" * 64, checksum.encode(), 1) + data


def test_the_forgers_checksum_does_fit(saved: bytes, tmp_path: Path) -> None:
    assert (
        read(forged(saved, lambda deck, index, extras: deck["deck"].update(batch=9)), tmp_path).header.deck.batch == 9
    )


HOSTILE: dict[str, Change] = {
    "no cards": lambda deck, index, extras: deck["deck"].update(cards=[]),
    "a card that is not there": lambda deck, index, extras: deck["deck"]["cards"].append("0" * 64),
    "an id that is a path": lambda deck, index, extras: deck["deck"]["cards"].append("../../../tmp/x"),
    "a card too few": lambda deck, index, extras: deck["deck"]["cards"].pop(),
    "another order": lambda deck, index, extras: deck["deck"]["cards"].reverse(),
    "batches of nothing": lambda deck, index, extras: deck["deck"].update(batch=0),
    "temperature 0": lambda deck, index, extras: deck["deck"].update(temperature=0),
    "temperature NaN": lambda deck, index, extras: deck["deck"].update(temperature=float("nan")),
    "infinite temperature": lambda deck, index, extras: deck["deck"].update(temperature=1e999),
    "unknown mode": lambda deck, index, extras: deck["deck"].update(mode="magic"),
    "unknown option": lambda deck, index, extras: deck["deck"]["gate"].update(magic=1),
    "more references than the gate made": lambda deck, index, extras: deck["deck"]["gate"].update(images=5),
    "other colours": lambda deck, index, extras: deck["deck"]["gate"].update(colour="rgb"),
    "no references": lambda deck, index, extras: deck.update(augmentations=[]),
    "a reference too many": lambda deck, index, extras: deck["augmentations"].append({"name": "augmix"}),
    "unknown augmentation": lambda deck, index, extras: deck.update(augmentations=[{"name": "magic"}] * 2),
    "giant images": lambda deck, index, extras: deck.update(size=16384),
    "giant spectra": lambda deck, index, extras: (
        deck.update(size=16384),
        index["reference.0"].update(shape=[60, 16384 * 8193]),
    ),
    "no classes": lambda deck, index, extras: deck.update(classes=[]),
    "extra key": lambda deck, index, extras: deck.update(surprise=1),
    "key missing": lambda deck, index, extras: deck.pop("packages"),
    "no name": lambda deck, index, extras: extras.update(name=" "),
    "endless name": lambda deck, index, extras: extras.update(name="x" * 100_000),
    "labels of no card": lambda deck, index, extras: extras.update(labels=[]),
    "tensor renamed": lambda deck, index, extras: index.update({"other": index.pop("reference.0")}),
    "tensor missing": lambda deck, index, extras: index.pop("reference.1"),
    "offsets outside": lambda deck, index, extras: index["reference.0"].update(data_offsets=[0, 10**15]),
    "offsets that overlap": lambda deck, index, extras: index["reference.1"].update(
        data_offsets=index["reference.0"]["data_offsets"]
    ),
    "shape that lies": lambda deck, index, extras: index["reference.0"]["shape"].__setitem__(0, 3),
    "negative shape": lambda deck, index, extras: index["reference.0"].update(shape=[-60, -544]),
    "shape of truth": lambda deck, index, extras: index["reference.0"].update(shape=[True, 544]),
    "shape NaN": lambda deck, index, extras: index["reference.0"].update(shape=[float("nan"), 544]),
    "no shape": lambda deck, index, extras: index.update({"reference.0": 7}),
    "integers for floats": lambda deck, index, extras: index["reference.0"].update(dtype="I32"),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_headers_are_refused(change: Change, saved: bytes, tmp_path: Path) -> None:
    data = forged(saved, change)
    tracemalloc.start()
    try:
        refused(data, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_references_that_are_not_finite_are_refused(saved: bytes, tmp_path: Path) -> None:
    length = struct.unpack("<Q", saved[:8])[0]
    data = bytearray(saved[8 + length :])
    data[:4] = struct.pack("<f", float("nan"))
    deck = read(forged(saved, lambda deck, index, extras: None, bytes(data)), tmp_path)
    with pytest.raises(CardFileError, match="not finite"):
        deck.spectra(0)


def test_a_large_file_is_read_in_little_memory_and_a_foreign_one_not_at_all(context: Context, tmp_path: Path) -> None:
    spec = export_of(context, tmp_path / "three.deck")
    large = context.cards / f"{spec.deck.cards[0]}.card"
    data = written(spec, context)
    with large.open("r+b") as file:
        file.truncate(48 << 20)  # sparse: takes no room; no good card, but the deck's file does not look into it
    header = read(data, tmp_path).header
    files = {CardId(card): context.cards / f"{card}.card" for card in header.cards}
    extras, spectra = DeckExtras(name="Large", labels={}), references()
    tracemalloc.start()
    try:
        finished(writing_deck(tmp_path / "large.deck", header, extras, spectra, files))
        deck = finished(reading_deck(tmp_path / "large.deck"))
        finished(deck.copying(header.cards[0], tmp_path / "large.card"))
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        assert (tmp_path / "large.card").stat().st_size == 48 << 20
        with (tmp_path / "foreign.deck").open("wb") as file:
            file.write(b"\x7fELF and so on")
            file.truncate(1 << 30)
        with pytest.raises(CardFileError, match="not a deck file"):
            finished(reading_deck(tmp_path / "foreign.deck"))
        os.truncate(tmp_path / "foreign.deck", 1 << 40)
        with pytest.raises(CardFileError, match="too large to be a deck file"):
            finished(reading_deck(tmp_path / "foreign.deck"))
    finally:
        tracemalloc.stop()
