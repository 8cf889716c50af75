"""How the editor looks and in which style it writes, as a person changes it; must not paint or write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from collabterm.document.file_style import FileStyle
from collabterm.document.languages import LANGUAGE_NAMES, language_named
from collabterm.tui.prompts import Prompt, TextInput
from collabterm.tui.settings import MAX_TAB_SIZE, THEMES, EditorSettings, with_setting
from collabterm.tui.theme import MONOCHROME, Theme, theme_named

_ON_OFF: Final = {True: "on", False: "off"}


class Appearance:
    """The settings in force.

    Args:
        settings: What to start with.
        style: Says in which style the file is written.
        restyle: Takes another style over.
        show: Looks as the settings say.
        ask: Opens a prompt.
        tell: Tells the person a sentence.
    """

    def __init__(
        self,
        settings: EditorSettings,
        style: Callable[[], FileStyle],
        restyle: Callable[[FileStyle], None],
        show: Callable[[EditorSettings, Theme], None],
        ask: Callable[[Prompt], None],
        tell: Callable[[str], None],
    ) -> None:
        self.settings = settings
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
        self._ask(TextInput(f"Tab size (1 to {MAX_TAB_SIZE}):", self._set_tab_size))

    def _set_tab_size(self, answer: str) -> None:
        try:
            self._set("tab_size", int(answer) if answer.strip().isdecimal() else answer)
        except ValueError as error:
            self._tell(f"{answer}: {error}")
        else:
            self._tell(f"Tab size {self.settings.tab_size}")

    def _ask_for_indent(self) -> None:
        self._ask(TextInput('Indent with ("tab" or a number of spaces):', self._set_indent))

    def _set_indent(self, answer: str) -> None:
        value = answer.strip()
        try:
            settings = with_setting(self.settings, "indent", int(value) if value.isdecimal() else value)
        except ValueError as error:
            self._tell(f"{answer}: {error}")
            return
        self.settings = settings
        indent = settings.indent or self._style().indent
        self._restyle(replace(self._style(), indent=indent))
        self._tell("Indenting with tabs" if indent == "\t" else f"Indenting with {len(indent)} spaces")

    def _ask_for_language(self) -> None:
        self._ask(TextInput("Language:", self._set_language))

    def _set_language(self, answer: str) -> None:
        language = language_named(answer.strip())
        if language is None:
            self._tell(f"{answer} is not a language that is known here: {', '.join(LANGUAGE_NAMES)}")
        else:
            self._restyle(replace(self._style(), language=language))
            self._tell(f"Language {language.name}")


def theme_of(settings: EditorSettings) -> Theme:
    """Return the theme that settings ask for."""
    return MONOCHROME if settings.no_color else theme_named(settings.theme)
