import pytest
from tree_sitter import Parser, QueryCursor

from collabterm.document.languages import LANGUAGE_NAMES, language_named
from collabterm.tui.grammars import Grammar, load_grammar

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


@pytest.mark.parametrize("mark", [">", "- ", "\t"])
def test_no_rows_that_reach_the_markdown_scanner_nest_200_blocks(mark: str) -> None:
    grammar = load_grammar("markdown")
    assert grammar is not None
    assert grammar.unsafe_row is not None
    depth, rows = 0, list[str]()
    while len(rows) < 300:
        before = "\t" * (depth // 2) if mark == "\t" else ""
        row = f"{before}- - x" if mark == "\t" else mark * (len(rows) + 1) + "x"
        if grammar.unsafe_row.match(row):
            break
        rows.append(row)
        depth += 2
    assert 90 < nested_blocks(grammar, "\n".join(rows[-1:] if mark != "\t" else rows) + "\n") < 200


def nested_blocks(grammar: Grammar, text: str) -> int:
    """Count the blocks around the text's innermost one."""
    deepest, open_nodes = 0, [(Parser(grammar.language).parse(text.encode()).root_node, 0)]
    while open_nodes:
        node, depth = open_nodes.pop()
        depth += node.type in {"block_quote", "list_item"}
        deepest = max(deepest, depth)
        open_nodes += [(child, depth) for child in node.children]
    return deepest
