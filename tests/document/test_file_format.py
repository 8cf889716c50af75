"""Files come back byte for byte; nothing here touches the disk."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collabterm.document.file_format import BinaryContentError, TextFormat, decode_file, encode_file

_PIECES = ["a", "ü", "漢", "😀", "\n", "\r", "\r\n", "\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "\ufeff"]
_FILES = st.lists(st.sampled_from(_PIECES)).map(lambda pieces: "".join(pieces).encode())


@given(_FILES)
@example(b"")
@example("\ufeff".encode())
@example("\ufeff\ufeff\r\n".encode())
@example(b"\n\r")
@example(b"\r\r\n")
@example(b"\r\n\r")
@example(b"no newline at the end")
def test_a_file_that_is_not_edited_comes_back_byte_for_byte(raw: bytes) -> None:
    assert encode_file(*decode_file(raw)) == raw


@given(st.binary())
def test_any_bytes_come_back_or_are_refused(raw: bytes) -> None:
    try:
        decoded = decode_file(raw)
    except (UnicodeDecodeError, BinaryContentError):
        return
    assert encode_file(*decoded) == raw


@pytest.mark.parametrize(
    ("raw", "text", "text_format"),
    [
        (b"", "", TextFormat("\n", bom=False)),
        (b"a\nb\n", "a\nb\n", TextFormat("\n", bom=False)),
        (b"a\r\nb\r\n", "a\nb\n", TextFormat("\r\n", bom=False)),
        (b"a\rb", "a\nb", TextFormat("\r", bom=False)),
        (b"\xef\xbb\xbf", "", TextFormat("\n", bom=True)),
        (b"\xef\xbb\xbfa\r\n", "a\n", TextFormat("\r\n", bom=True)),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa", TextFormat("\n", bom=True)),
    ],
)
def test_uniform_line_ends_become_newlines_and_the_bom_leaves_the_text(
    raw: bytes, text: str, text_format: TextFormat
) -> None:
    assert decode_file(raw) == (text, text_format)


@pytest.mark.parametrize("raw", [b"a\r\nb\n", b"a\rb\n", b"a\r\nb\r", b"\n\r", b"a\r\r\n"])
def test_mixed_line_ends_stay_in_the_text(raw: bytes) -> None:
    assert decode_file(raw) == (raw.decode(), TextFormat("\n", bom=False))


@pytest.mark.parametrize("separator", ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029"])
def test_what_only_python_takes_for_a_line_end_is_text(separator: str) -> None:
    text = f"a{separator}b\n"
    assert decode_file(text.encode()) == (text, TextFormat())


def test_a_newline_typed_into_a_crlf_file_is_written_as_the_others() -> None:
    text, text_format = decode_file(b"a\r\nb\r\n")
    assert encode_file(text + "c\n", text_format) == b"a\r\nb\r\nc\r\n"


def test_a_lone_return_pasted_into_a_crlf_file_is_written_as_it_is() -> None:
    assert encode_file("a\rb\n", TextFormat("\r\n")) == b"a\rb\r\n"


def test_nul_bytes_are_binary_content_even_where_the_rest_is_not_utf8() -> None:
    with pytest.raises(BinaryContentError):
        decode_file("text".encode("utf-16"))


def test_the_position_of_a_byte_that_is_not_utf8_counts_from_the_start_of_the_file() -> None:
    with pytest.raises(UnicodeDecodeError) as raised:
        decode_file(b"\xef\xbb\xbfab\xff")
    assert raised.value.start == 5
