"""lib0's integers and byte strings: there and back, as Yjs writes them, and never past the end."""

from __future__ import annotations

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.errors import ProtocolError
from collabterm.lib0 import MAX_UINT, Reader, write_bytes, write_uint

UINTS = st.integers(0, MAX_UINT) | st.integers(0, 300)


@given(st.lists(UINTS | st.binary(max_size=200), max_size=10))
def test_what_is_written_is_read_in_order(values: list[int | bytes]) -> None:
    written = b"".join(write_uint(one) if isinstance(one, int) else write_bytes(one) for one in values)
    reader = Reader(written)
    for value in values:
        assert not reader.at_end
        assert (reader.read_uint() if isinstance(value, int) else reader.read_bytes(200)) == value
    assert reader.at_end


@given(st.integers(0, 2**32 - 1))
def test_integers_are_written_as_yjs_writes_them(value: int) -> None:
    assert write_uint(value) == pycrdt.write_var_uint(value)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (MAX_UINT, "ffffffffffffff0f")],
)
def test_known_encodings(value: int, encoded: str) -> None:
    assert write_uint(value).hex() == encoded
    assert Reader(bytes.fromhex(encoded)).read_uint() == value


@given(UINTS)
def test_an_integer_that_is_cut_short_is_refused(value: int) -> None:
    for length in range(len(write_uint(value))):
        with pytest.raises(ProtocolError):
            Reader(write_uint(value)[:length]).read_uint()


@pytest.mark.parametrize("encoded", ["ffffffffffffff1f", "ff" * 8 + "01", "80" * 200])
def test_an_integer_over_53_bits_is_refused(encoded: str) -> None:
    with pytest.raises(ProtocolError):
        Reader(bytes.fromhex(encoded)).read_uint()


@given(st.binary(max_size=50), st.integers(0, 60))
def test_a_byte_string_over_its_limit_or_cut_short_is_refused(value: bytes, limit: int) -> None:
    written = write_bytes(value)
    if len(value) <= limit:
        assert Reader(written).read_bytes(limit) == value
    else:
        with pytest.raises(ProtocolError):
            Reader(written).read_bytes(limit)
    for length in range(len(written)):
        with pytest.raises(ProtocolError):
            Reader(written[:length]).read_bytes(MAX_UINT)


@given(st.binary(max_size=30))
def test_any_bytes_are_read_or_refused(buffer: bytes) -> None:
    reader = Reader(buffer)
    try:
        while not reader.at_end:
            reader.read_uint()
            reader.read_bytes(10)
    except ProtocolError:
        return
    assert reader.at_end
