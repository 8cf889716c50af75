"""The languages that files are written in, as far as editing needs to know them; must not parse anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        name: As in ``--language`` and in the status bar.
        line_comment: What starts a comment up to the row's end; empty if there is none.
        block_comment: What opens and closes a comment; two empty strings if there is none.
        indents_after: The last characters of a row behind which the next row is indented once more.
        grammar: The tree-sitter grammar that highlights it, its own or a relative's; empty if there is none.
        files: Patterns of file names in lower case, as a shell matches them.
        aliases: Other names, in lower case.
        first_line: A regular expression for the beginning of files whose names tell nothing.
    """

    name: str
    line_comment: str = ""
    block_comment: tuple[str, str] = ("", "")
    indents_after: str = "([{"
    grammar: str = ""
    files: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    first_line: str = ""

    @property
    def has_comments(self) -> bool:
        """Whether there is a way to comment something out."""
        return bool(self.line_comment or self.block_comment[0])


def _run_by(programs: str) -> str:
    """Match a first line that names one of ``programs`` (a regular expression) to run the file."""
    return rf"#!(?:.*[/\s])?(?:{programs})[\d.]*(?:\s|$)"


_C_COMMENT: Final = ("/*", "*/")
_XML_COMMENT: Final = ("<!--", "-->")

PLAIN: Final = Language("text", indents_after="", files=("*.txt",), aliases=("plain", "txt"))

_LANGUAGES: Final = (
    PLAIN,
    Language(
        "python",
        "#",
        indents_after="([{:",
        grammar="python",
        files=("*.py", "*.pyi", "*.pyw", "sconstruct", "sconscript"),
        aliases=("py", "python3"),
        first_line=_run_by("python|pypy"),
    ),
    Language(
        "json",
        grammar="json",
        files=("*.json", "*.jsonl", "*.webmanifest", "*.ipynb", "*.geojson", "composer.lock"),
    ),
    Language(
        "markdown",
        block_comment=_XML_COMMENT,
        indents_after="",
        grammar="markdown",
        files=("*.md", "*.markdown", "*.mkd"),
        aliases=("md",),
    ),
    Language(
        "yaml",
        "#",
        indents_after="([{:",
        grammar="yaml",
        files=("*.yaml", "*.yml", ".clang-format", ".clang-tidy"),
        aliases=("yml",),
        first_line=r"%YAML\b",
    ),
    Language(
        "toml",
        "#",
        grammar="toml",
        files=("*.toml", "cargo.lock", "poetry.lock", "uv.lock", "pipfile"),
    ),
    Language("rust", "//", _C_COMMENT, grammar="rust", files=("*.rs",), aliases=("rs",)),
    Language(
        "html",
        block_comment=_XML_COMMENT,
        grammar="html",
        files=("*.html", "*.htm", "*.xhtml"),
        aliases=("htm",),
        first_line=r"\s*<(?:!doctype\s+html|html)\b",
    ),
    Language("css", block_comment=_C_COMMENT, grammar="css", files=("*.css",)),
    Language(
        "xml",
        block_comment=_XML_COMMENT,
        grammar="xml",
        files=(
            "*.xml",
            "*.svg",
            "*.xsd",
            "*.xsl",
            "*.xslt",
            "*.rss",
            "*.atom",
            "*.plist",
            "*.csproj",
            "*.xaml",
        ),
        first_line=r"<\?xml\b",
    ),
    Language("regex", grammar="regex", files=("*.regex",), aliases=("regexp",)),
    Language("sql", "--", _C_COMMENT, grammar="sql", files=("*.sql", "*.ddl")),
    Language(
        "javascript",
        "//",
        _C_COMMENT,
        grammar="javascript",
        files=("*.js", "*.mjs", "*.cjs", "*.jsx"),
        aliases=("js", "jsx"),
        first_line=_run_by("node|nodejs|bun"),
    ),
    Language("java", "//", _C_COMMENT, grammar="java", files=("*.java",)),
    Language(
        "bash",
        "#",
        grammar="bash",
        files=(
            "*.sh",
            "*.bash",
            "*.zsh",
            "*.ksh",
            ".bash*",
            ".zsh*",
            ".profile",
            "pkgbuild",
            ".envrc",
            ".env",
        ),
        aliases=("sh", "shell", "zsh"),
        first_line=_run_by("(?:ba|da|z|k|a)?sh"),
    ),
    Language("go", "//", _C_COMMENT, grammar="go", files=("*.go",), aliases=("golang",)),
    Language(
        "typescript",
        "//",
        _C_COMMENT,
        grammar="javascript",
        files=("*.ts", "*.mts", "*.cts", "*.tsx"),
        aliases=("ts", "tsx"),
        first_line=_run_by("deno|ts-node|tsx"),
    ),
    Language("c", "//", _C_COMMENT, files=("*.c", "*.h")),
    Language(
        "cpp",
        "//",
        _C_COMMENT,
        files=("*.cpp", "*.cc", "*.cxx", "*.hpp", "*.hh", "*.hxx", "*.ino"),
        aliases=("c++",),
    ),
    Language("csharp", "//", _C_COMMENT, files=("*.cs",), aliases=("c#", "cs")),
    Language("kotlin", "//", _C_COMMENT, files=("*.kt", "*.kts"), aliases=("kt",)),
    Language("swift", "//", _C_COMMENT, files=("*.swift",)),
    Language(
        "ruby",
        "#",
        files=("*.rb", "*.gemspec", "*.rake", "gemfile", "rakefile"),
        aliases=("rb",),
        first_line=_run_by("ruby"),
    ),
    Language("lua", "--", ("--[[", "]]"), files=("*.lua",), first_line=_run_by("lua|luajit")),
    Language("php", "//", _C_COMMENT, files=("*.php",), first_line=rf"<\?php\b|{_run_by('php')}"),
    Language("perl", "#", files=("*.pl", "*.pm"), aliases=("pl",), first_line=_run_by("perl")),
    Language("r", "#", files=("*.r", ".rprofile"), first_line=_run_by("Rscript")),
    Language(
        "make", "#", indents_after="(:", files=("makefile", "gnumakefile", "*.mk"), aliases=("makefile",)
    ),
    Language("dockerfile", "#", files=("dockerfile", "dockerfile.*", "*.dockerfile", "containerfile")),
    Language("ini", ";", indents_after="", files=("*.ini", "*.cfg", ".editorconfig", ".gitconfig")),
    Language("conf", "#", files=("*.conf", ".gitignore", ".dockerignore", "requirements*.txt")),
    Language("latex", "%", files=("*.tex", "*.sty", "*.cls"), aliases=("tex",)),
    Language("lisp", ";", files=("*.lisp", "*.el", "*.scm", "*.clj"), aliases=("scheme", "clojure")),
    Language("haskell", "--", ("{-", "-}"), files=("*.hs",), aliases=("hs",)),
    Language("vim", '"', files=("*.vim", ".vimrc")),
)

LANGUAGE_NAMES: Final = tuple(language.name for language in _LANGUAGES)
"""The names that ``language_named`` knows, without aliases."""

_BY_NAME: Final = {name: language for language in _LANGUAGES for name in (language.name, *language.aliases)}


def language_named(name: str) -> Language | None:
    """Find a language by its name or an alias, in any case."""
    return _BY_NAME.get(name.lower())


def detect_language(file_name: str, first_line: str) -> Language:
    """Tell a file's language by its name, else by its first line; ``PLAIN`` if neither tells.

    Args:
        file_name: With or without folders; where several patterns match, the longest one counts.
        first_line: Where ``#!/usr/bin/env python3`` or ``<?xml`` may stand.
    """
    name = file_name.replace("\\", "/").rpartition("/")[2].lower()
    matches = [
        (len(pattern), language)
        for language in _LANGUAGES
        for pattern in language.files
        if fnmatchcase(name, pattern)
    ]
    if matches:
        return max(matches, key=lambda match: match[0])[1]
    for language in _LANGUAGES:
        if language.first_line and re.match(language.first_line, first_line[:200], re.IGNORECASE):
            return language
    return PLAIN
