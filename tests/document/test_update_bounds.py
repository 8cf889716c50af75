"""Updates that would end the process are refused before the CRDT sees them, and no others are."""

from __future__ import annotations

from typing import Any

import pycrdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document.shared_text import Document, PeerOrigin
from collabterm.document.update_bounds import MAX_CLOCK, MAX_DEPTH, check_bounds
from collabterm.errors import ProtocolError
from collabterm.lib0 import write_bytes, write_uint

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31)
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
PLANS = st.lists(
    st.tuples(
        st.sampled_from(
            ("insert", "delete", "format", "embed", "set", "pop", "append", "nest", "xml", "doc")
        ),
        st.integers(0, 100),
        TEXTS,
        VALUES,
    ),
    max_size=12,
)


def text_struct(clock: int, content: bytes) -> bytes:
    """Return an update of one struct at the start of the text: its content's type and encoding."""
    parent = b"\x01" + write_bytes(b"file:main")
    return b"\x01\x01\x05" + write_uint(clock) + content[:1] + parent + content[1:] + b"\0"


def carry_out(doc: pycrdt.Doc[Any], deed: str, place: int, words: str, value: Any) -> None:
    text = doc.get("text", type=pycrdt.Text)
    table = doc.get("map", type=pycrdt.Map)
    size = len(text)
    match deed:
        case "insert":
            text.insert(0, words)
        case "delete":
            text.clear()
        case "format" if size:
            text.format(0, size, {"mark": bool(place % 2)})
        case "embed":
            text.insert_embed(0, {"image": words})
        case "set":
            table[words or "key"] = value
        case "pop" if words in table:
            del table[words]
        case "append":
            doc.get("array", type=pycrdt.Array).append(value)
        case "nest":
            table["nested"] = pycrdt.Map({"list": pycrdt.Array([words]), "text": pycrdt.Text(words)})
        case "xml":
            children = doc.get("xml", type=pycrdt.XmlFragment).children
            children.append(pycrdt.XmlElement("name", {"key": words}))
        case "doc":
            table["doc"] = pycrdt.Doc()
        case _:
            return


@given(PLANS)
@settings(deadline=None)
def test_whatever_the_crdt_writes_is_within_bounds(plan: list[tuple[str, int, str, Any]]) -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    updates: list[bytes] = []
    kept = doc.observe(lambda event: updates.append(event.update))
    for step in plan:
        carry_out(doc, *step)
    for update in (*updates, doc.get_update(), pycrdt.merge_updates(b"\0\0", *updates)):
        check_bounds(update)
    doc.unobserve(kept)


@given(PLANS)
@settings(deadline=None, max_examples=30)
def test_updates_with_parts_missing_are_within_bounds(plan: list[tuple[str, int, str, Any]]) -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    updates: list[bytes] = []
    kept = doc.observe(lambda event: updates.append(event.update))
    for step in plan:
        carry_out(doc, *step)
    doc.unobserve(kept)
    check_bounds(pycrdt.merge_updates(b"\0\0", *updates[::2]))
    late: pycrdt.Doc[Any] = pycrdt.Doc()
    for update in updates[1::2]:
        late.apply_update(update)
    check_bounds(late.get_update())


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda body: b"\x01\x01\x05\x00" + body))
def test_any_bytes_are_passed_or_refused(update: bytes) -> None:
    try:
        check_bounds(update)
    except ProtocolError:
        return


@pytest.mark.parametrize("opened", [b"\x75\x01", b"\x76\x01\x00"], ids=["array", "object"])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 2, 40_000, 1_000_000])
def test_values_nested_deeply_do_not_reach_the_crdt(opened: bytes, depth: int) -> None:
    document = Document(1)
    with pytest.raises(ProtocolError, match="nested"):
        document.apply_update(text_struct(0, b"\x08\x01" + opened * depth + b"\x7e"), PeerOrigin("eve"))
    check_bounds(text_struct(0, b"\x08\x01" + opened * MAX_DEPTH + b"\x7e"))


@pytest.mark.parametrize("clock", [MAX_CLOCK, 2**32 - 2, 2**32 - 1, 2**53 - 1])
def test_clocks_that_run_over_do_not_reach_the_crdt(clock: int) -> None:
    document = Document(1)
    with pytest.raises(ProtocolError, match="bounds"):
        document.apply_update(text_struct(clock, b"\x04\x02ab"), PeerOrigin("eve"))


@pytest.mark.parametrize("content", [b"\x01", b"\x00", b"\x0a"], ids=["deleted", "collected", "skipped"])
def test_lengths_that_run_over_do_not_reach_the_crdt(content: bytes) -> None:
    length = write_uint(MAX_CLOCK)
    update = (
        text_struct(1, content + length) if content == b"\x01" else b"\x01\x01\x05\x01" + content + length
    )
    with pytest.raises(ProtocolError, match="bounds"):
        check_bounds(update + b"\0")


def test_deletions_that_run_over_do_not_reach_the_crdt() -> None:
    with pytest.raises(ProtocolError, match="bounds"):
        check_bounds(b"\0\1\5\1\1" + write_uint(MAX_CLOCK))


@pytest.mark.parametrize(
    "update", [b"", b"\x01", text_struct(0, b"\x04\x05ab")[:-4], text_struct(0, b"\x0b")]
)
def test_what_is_no_update_is_refused(update: bytes) -> None:
    with pytest.raises(ProtocolError):
        check_bounds(update)
