"""Python files of any length, made of code that people wrote; must not be the same line over and over.

The code is that of the standard library, its names numbered in each round, so that neither an editor's caches
nor compression profit from the repetition. A few comments of it draw boxes: like many files it is not all
ASCII, and as one string it takes Python two bytes a character.
"""

from __future__ import annotations

import ast
import re
import sysconfig
from itertools import count
from pathlib import Path
from typing import Final

_MODULES: Final = ("configparser", "argparse", "textwrap", "tarfile", "dataclasses", "csv", "zipfile")
_DEFINITION: Final = re.compile(r"^( *(?:class|def) \w+)", re.MULTILINE)
_PLAIN_STATEMENT: Final = re.compile(r" {8}(?:self\.\w+ = \w+|return \w+)")


def python_source(lines: int) -> str:
    """Return a Python file of so many lines whose first one says how many there are."""
    bodies = [_body(name) for name in _MODULES]
    made = [f"# {first_comment(lines)}"]
    for number in count():
        for body in bodies:
            made += _DEFINITION.sub(rf"\1_{number:05d}", body).splitlines()
            if len(made) >= lines:
                return "".join(f"{line}\n" for line in made[:lines])
    raise AssertionError("counting never ends")


def first_comment(lines: int) -> str:
    """Return what stands in the first line, without its mark."""
    return f"the first of {lines:,} lines"


def statement_row(source: str) -> int:
    """Return the row next to the middle, from 0, that is a short statement inside a method."""
    rows = source.splitlines()
    middle = len(rows) // 2
    statements = (row for row, line in enumerate(rows) if _PLAIN_STATEMENT.fullmatch(line))
    return min(statements, key=lambda row: abs(row - middle))


def _body(module: str) -> str:
    """Return a module of the standard library without the long text at its top."""
    text = Path(sysconfig.get_path("stdlib"), f"{module}.py").read_text(encoding="utf-8")
    first = next(node for node in ast.parse(text).body if not isinstance(node, ast.Expr))
    return "\n".join(text.splitlines()[first.lineno - 1 :])
