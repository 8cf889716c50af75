"""Addresses of servers as people write them, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.config import check_server_url
from collabterm.errors import BadServerUrl


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("ws://localhost:3001", "ws://localhost:3001"),
        ("wss://host", "wss://host"),
        ("WSS://Host:1/path?query=1", "wss://Host:1/path?query=1"),
        ("http://host:80/", "ws://host:80"),
        ("https://collab.example.org/", "wss://collab.example.org"),
        ("localhost:3001", "ws://localhost:3001"),
        ("192.0.2.1:65535", "ws://192.0.2.1:65535"),
        ("[::1]:3001", "ws://[::1]:3001"),
        ("ws://[::1]", "ws://[::1]"),
        ("  ws://host \n", "ws://host"),
        ("ws://bücher.example:1", "ws://bücher.example:1"),
    ],
)
def test_what_people_write_becomes_a_websocket_address(url: str, meant: str) -> None:
    assert check_server_url(url) == meant
    assert check_server_url(meant) == meant


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "host",
        "::1",
        "[::1]",
        "/path",
        "ws://",
        "ws:///path",
        "ws:host",
        "ftp://host",
        "file:///etc/passwd",
        "://host",
        "ws://host:0",
        "ws://host:65536",
        "ws://host:99999999999999999999",
        "ws://host:port",
        "ws://host:-1",
        "ws://host:",
        "ws://:3001",
        "ws://[::1",
        "ws://[::g]:1",
        "ws://[]:1",
        "ws://...:1",
        "ws://a b:1",
        "ws://ho\nst:1",
        "ws://host:1/\x1b",
        "ws://host:1/\udc80",
        "ws://user:secret@host",
        "ws://host/#fragment",
        "ws://host:\u0663",
    ],
)
def test_the_rest_is_refused(url: str) -> None:
    with pytest.raises(BadServerUrl):
        check_server_url(url)


@given(st.text())
def test_every_text_is_an_address_or_refused(url: str) -> None:
    try:
        meant = check_server_url(url)
    except BadServerUrl:
        return
    assert check_server_url(meant) == meant
