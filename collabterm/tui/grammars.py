"""The grammars and highlight queries that come with Textual; must not be imported before a file is shown.

tree-sitter and each grammar are imported when they are first asked for. Any of them may be missing: then
there is no highlighting, and nothing else is different.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from re import Pattern
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Language, Query

_MARKS: Final = r"[\s>*+\-\d.)]"
_UNSAFE_ROWS: Final = {"markdown": re.compile(rf"{_MARKS}{{199}}|(?={_MARKS}*\t){_MARKS}{{100}}")}
"""The scanner of tree-sitter-markdown writes past its buffer at about 255 nested blocks (its issue 243). A
mark opens or continues one block at most, but a tab continues two lists: rows whose marks could come to 200
blocks are kept from it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Grammar:
    """What the highlights of one language are found with.

    Attributes:
        language: The parser's tables.
        query: Which nodes get which names.
        unsafe_row: Rows that must not reach this grammar's parser; matched from the row's start.
    """

    language: Language
    query: Query
    unsafe_row: Pattern[str] | None = None


@cache  # and never let go: freeing a Query corrupts memory (py-tree-sitter 0.26.1)
def load_grammar(name: str) -> Grammar | None:
    """Load a grammar by its ``Language.grammar`` name; None if it or tree-sitter is not installed."""
    if not name:
        return None
    try:
        from tree_sitter import Language, Query  # noqa: PLC0415 - 4-10 ms that a plain text file need not wait for

        package = import_module(f"tree_sitter_{name}")
        entry = getattr(package, "language", None) or getattr(package, f"language_{name}")
        language = Language(entry())
        query = Query(language, _query_source(name))
    except (ImportError, OSError, AttributeError, ValueError) as error:
        _log.info("no highlighting for %s: %s", name, error)
        return None
    return Grammar(language, query, _UNSAFE_ROWS.get(name))


def _query_source(name: str) -> str:
    source = resources.files("textual") / "tree-sitter" / "highlights" / f"{name}.scm"
    return source.read_text(encoding="utf-8")
