import pytest
from tree_sitter import Parser, QueryCursor

from collabterm.document.languages import LANGUAGE_NAMES, language_named
from collabterm.tui.grammars import load_grammar

WITH_GRAMMARS = [name for name in LANGUAGE_NAMES if (found := language_named(name)) and found.grammar]


def test_all_languages_that_textual_highlights_have_a_grammar() -> None:
    assert set(WITH_GRAMMARS) - {"typescript"} == {
        *("python", "json", "markdown", "yaml", "toml", "rust", "html", "css"),
        *("xml", "regex", "sql", "javascript", "java", "bash", "go"),
    }


@pytest.mark.parametrize("name", WITH_GRAMMARS)
def test_every_grammar_loads_and_its_query_runs(name: str) -> None:
    language = language_named(name)
    assert language is not None
    grammar = load_grammar(language.grammar)
    assert grammar is not None
    tree = Parser(grammar.language).parse(b'# a: 1\n\nx = [1]\n<b>"s"</b>\n')
    QueryCursor(grammar.query).matches(tree.root_node)


def test_a_grammar_that_is_not_installed_is_no_error() -> None:
    assert load_grammar("klingon") is None
    assert load_grammar("") is None


def test_a_grammar_is_loaded_once() -> None:
    assert load_grammar("json") is load_grammar("json")


def test_rows_that_could_overflow_the_markdown_scanner_are_kept_from_it() -> None:
    grammar = load_grammar("markdown")
    assert grammar is not None
    assert grammar.unsafe_row is not None
    assert grammar.unsafe_row.match("> " * 130 + "deep")
    assert grammar.unsafe_row.match("-" * 100 + ">" * 155)
    assert not grammar.unsafe_row.match("> - 1. an ordinary item, " + "long " * 100)
