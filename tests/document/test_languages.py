import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.document.languages import LANGUAGE_NAMES, PLAIN, detect_language, language_named


@pytest.mark.parametrize(
    ("file_name", "language"),
    [
        ("main.py", "python"),
        ("/home/ada/Work.d/MAIN.PY", "python"),
        ("C:\\work\\setup.py", "python"),
        ("package.json", "json"),
        ("README.md", "markdown"),
        ("ci.yml", "yaml"),
        ("Cargo.lock", "toml"),
        ("lib.rs", "rust"),
        ("index.htm", "html"),
        ("logo.svg", "xml"),
        ("site.css", "css"),
        ("a.sql", "sql"),
        ("app.mjs", "javascript"),
        ("Main.java", "java"),
        (".bashrc", "bash"),
        ("main.go", "go"),
        ("x.regex", "regex"),
        ("Makefile", "make"),
        ("Dockerfile.test", "dockerfile"),
        ("notes.txt", "text"),
        ("unheard.of", "text"),
        ("py", "text"),
        ("", "text"),
    ],
)
def test_a_file_name_tells_the_language(file_name: str, language: str) -> None:
    assert detect_language(file_name, "").name == language


@pytest.mark.parametrize(
    ("first_line", "language"),
    [
        ("#!/usr/bin/env python3", "python"),
        ("#!/usr/bin/python3.11 -u", "python"),
        ("#! /bin/sh", "bash"),
        ("#!/usr/bin/env -S bash -e", "bash"),
        ("#!/usr/bin/zsh", "bash"),
        ("#!/usr/bin/env node", "javascript"),
        ('<?xml version="1.0"?>', "xml"),
        ("<!DOCTYPE html>", "html"),
        ("#!/usr/bin/fish", "text"),
        ("#!/usr/bin/pythonista", "text"),
        ("import python", "text"),
    ],
)
def test_a_first_line_tells_the_language_where_the_name_does_not(first_line: str, language: str) -> None:
    assert detect_language("run", first_line).name == language


def test_a_name_counts_before_a_first_line() -> None:
    assert detect_language("page.md", "#!/bin/sh").name == "markdown"


def test_the_more_exact_pattern_counts() -> None:
    assert detect_language("requirements-dev.txt", "").line_comment == "#"


def test_every_name_finds_its_language_in_any_case() -> None:
    assert "python" in LANGUAGE_NAMES
    for name in LANGUAGE_NAMES:
        found = language_named(name.upper())
        assert found is not None
        assert found.name == name


def test_an_alias_finds_its_language_and_nonsense_none() -> None:
    assert language_named("py") == language_named("python")
    assert language_named("klingon") is None


def test_no_two_languages_claim_a_name_or_a_pattern() -> None:
    languages = [found for name in LANGUAGE_NAMES if (found := language_named(name))]
    names = [name for language in languages for name in (language.name, *language.aliases)]
    patterns = [pattern for language in languages for pattern in language.files]
    assert len(set(names)) == len(names)
    assert len(set(patterns)) == len(patterns)
    assert all(text == text.lower() for text in (*names, *patterns))


@given(st.text(max_size=40), st.text(max_size=300))
def test_any_name_and_line_give_a_language(file_name: str, first_line: str) -> None:
    assert detect_language(file_name, first_line).name in LANGUAGE_NAMES


def test_a_row_of_plain_text_never_indents_the_next() -> None:
    assert PLAIN.indents_after == ""
