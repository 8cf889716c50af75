"""How the editor looks and in which style it writes, as a person changes it; must not paint or write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from collabterm.document.file_style import FileStyle
from collabterm.document.indentation import detect_indent
from collabterm.document.languages import LANGUAGE_NAMES, PLAIN, detect_language, language_named
from collabterm.document.lines import LineIndex
from collabterm.tui.line_input import LineInput
from collabterm.tui.prompts import Prompt, TextInput
from collabterm.tui.settings import MAX_TAB_SIZE, THEMES, EditorSettings, with_setting
from collabterm.tui.theme import MONOCHROME, Theme, theme_named

_ON_OFF: Final = {True: "on", False: "off"}


class Appearance:
    """The settings in force.

    Args:
        settings: What to start with.
        language: The name of the language that was asked for, if one was.
        style: Says in which style the file is written.
        restyle: Takes another style over.
        show: Looks as the settings say.
        ask: Opens a prompt.
        tell: Tells the person a sentence.
    """

    def __init__(
        self,
        settings: EditorSettings,
        language: str | None,
        style: Callable[[], FileStyle],
        restyle: Callable[[FileStyle], None],
        show: Callable[[EditorSettings, Theme], None],
        ask: Callable[[Prompt], None],
        tell: Callable[[str], None],
    ) -> None:
        self.settings = settings
        self._chosen_language = language_named(language) if language is not None else None
        self._style = style
        self._restyle = restyle
        self._show = show
        self._ask = ask
        self._tell = tell

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return what this does, by the names of commands."""
        return {
            "toggle_wrap": lambda: self._toggle("wrap", "Wrapping"),
            "toggle_line_numbers": lambda: self._toggle("line_numbers", "Line numbers"),
            "toggle_blanks": lambda: self._toggle("blanks", "Marks for tabs and trailing spaces"),
            "toggle_hints": lambda: self._toggle("hints", "Hints"),
            "next_theme": self._show_next_theme,
            "set_tab_size": self._ask_for_tab_size,
            "set_indent": self._ask_for_indent,
            "set_language": self._ask_for_language,
        }

    def theme(self) -> Theme:
        """Return the theme in force."""
        return theme_of(self.settings)

    def find_style(self, file_name: str, told: object, lines: LineIndex) -> None:
        """Write in the language and with the indentation that the text has.

        Args:
            file_name: Tells the language, if its first line does not, unless the person chose one.
            told: What the room says that the language is; untrusted.
            lines: The text.
        """
        found = self._chosen_language or detect_language(file_name, lines.line(0))
        if found == PLAIN and isinstance(told, str):
            found = language_named(told) or found
        indent = self.settings.indent or detect_indent(lines.rows(0, lines.row_count))
        self._restyle(FileStyle(found, indent))

    def _toggle(self, name: str, title: str) -> None:
        is_on = not getattr(self.settings, name)
        self._set(name, is_on)
        self._tell(f"{title} {_ON_OFF[is_on]}")

    def _set(self, name: str, value: object) -> None:
        self.settings = with_setting(self.settings, name, value)
        self._show(self.settings, self.theme())

    def _show_next_theme(self) -> None:
        following = THEMES[(THEMES.index(self.settings.theme) + 1) % len(THEMES)]
        self._set("theme", following)
        self._tell("No colors, as NO_COLOR is set" if self.settings.no_color else f"Theme {following}")

    def _ask_for_tab_size(self) -> None:
        question = f"Tab size (1 to {MAX_TAB_SIZE}):"
        self._ask_for(question, str(self.settings.tab_size), self._set_tab_size)

    def _set_tab_size(self, answer: str) -> str:
        self._set("tab_size", int(answer) if answer.isdecimal() else answer)
        return f"Tab size {self.settings.tab_size}"

    def _ask_for_indent(self) -> None:
        indent = self._style().indent
        current = "tab" if indent == "\t" else str(len(indent))
        self._ask_for('Indent with ("tab" or a number of spaces):', current, self._set_indent)

    def _set_indent(self, answer: str) -> str:
        self.settings = with_setting(self.settings, "indent", int(answer) if answer.isdecimal() else answer)
        indent = self.settings.indent or self._style().indent
        self._restyle(replace(self._style(), indent=indent))
        return "Indenting with tabs" if indent == "\t" else f"Indenting with {len(indent)} spaces"

    def _ask_for_language(self) -> None:
        self._ask_for("Language:", self._style().language.name, self._set_language)

    def _set_language(self, answer: str) -> str:
        language = language_named(answer)
        if language is None:
            near = get_close_matches(answer, LANGUAGE_NAMES, n=3, cutoff=0.3) or LANGUAGE_NAMES[:3]
            raise ValueError(f"it is not known here, but {', '.join(near)} are, for example")
        self._chosen_language = language
        self._restyle(replace(self._style(), language=language))
        return f"Language {language.name}"

    def _ask_for(self, question: str, offered: str, take: Callable[[str], str]) -> None:
        """Ask until the answer can be taken; tell what came of it."""

        def done(answer: str) -> None:
            try:
                outcome = take(answer.strip())
            except ValueError as error:
                self._ask(TextInput(question, done, LineInput.holding(answer), str(error)))
            else:
                self._tell(outcome)

        self._ask(TextInput(question, done, LineInput.offering(offered)))


def theme_of(settings: EditorSettings) -> Theme:
    """Return the theme that settings ask for."""
    return MONOCHROME if settings.no_color else theme_named(settings.theme)
