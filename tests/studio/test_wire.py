"""Messages between dealer and client arrive as they were sent."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from card_studio.studio.wire import receive, send


@given(arrays(np.uint8, array_shapes(max_dims=4, max_side=4)))
def test_an_array_arrives_as_it_was_sent(array: np.ndarray) -> None:
    stream = io.BytesIO()
    send(stream, {"do": "x"}, array)
    send(stream, {"last": True})
    stream.seek(0)
    header, found = receive(stream)
    assert header["do"] == "x"
    assert found is not None
    assert np.array_equal(found, array)
    assert found.dtype == array.dtype
    assert receive(stream) == ({"last": True}, None)


@pytest.mark.parametrize("data", [b"", b"\1\0", struct.pack("<I", 10) + b"{}", struct.pack("<I", 1 << 31)])
def test_an_end_in_the_middle_is_an_end(data: bytes) -> None:
    with pytest.raises(EOFError):
        receive(io.BytesIO(data))
