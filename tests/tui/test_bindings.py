"""Which key does what, and how people write keys: every default key is one that a terminal can send."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual import events

from collabterm.tui.bindings import (
    COMMANDS,
    SECTIONS,
    canonical,
    check_key,
    command_named,
    make_keymap,
)
from collabterm.tui.input_parser import InputParser
from collabterm.tui.key_labels import key_label
from tests.keys import key_bytes, kitty_bytes

DEFAULT = make_keymap({})
KEYS = sorted(DEFAULT.bindings)
MOVE_KEYS = [
    key for key in KEYS if DEFAULT.bindings[key] in {one.name for one in COMMANDS if one.section == "Move"}
]
ONLY_KITTY = [
    "ctrl+backspace",
    "ctrl+shift+7",
    "ctrl+shift+k",
    "ctrl+shift+z",
    "f15",
    "shift+backspace",
    "shift+enter",
]


def names_of(sent: bytes) -> list[str]:
    """Return what the app calls the keys that a terminal sends as ``sent``."""
    parser = InputParser()
    messages = [*parser.feed(sent.decode()), *parser.give_up()]
    return [message.key for message in messages if isinstance(message, events.Key)]


class TestTable:
    def test_no_key_and_no_name_is_there_twice(self) -> None:
        keys = [key for command in COMMANDS for key in command.keys]
        assert len(set(keys)) == len(keys)
        assert len({command.name for command in COMMANDS}) == len(COMMANDS)
        assert len({command.title for command in COMMANDS}) == len(COMMANDS)

    def test_the_commands_of_a_section_stand_together_in_the_order_of_the_sections(self) -> None:
        assert list(dict.fromkeys(command.section for command in COMMANDS)) == list(SECTIONS)
        places = [SECTIONS.index(command.section) for command in COMMANDS]
        assert places == sorted(places)

    @pytest.mark.parametrize("key", [key for key in KEYS if key not in ONLY_KITTY])
    def test_what_a_terminal_sends_for_a_key_is_found_under_its_name(self, key: str) -> None:
        assert names_of(key_bytes(key)) == [key]

    @pytest.mark.parametrize("key", KEYS)
    def test_what_a_terminal_with_the_kitty_protocol_sends_is_found_under_the_same_name(
        self, key: str
    ) -> None:
        assert names_of(kitty_bytes(key)) == [key]

    @pytest.mark.parametrize("key", KEYS)
    def test_every_key_can_be_written_as_it_is_named_and_as_it_is_shown(self, key: str) -> None:
        assert canonical(key) == key
        assert check_key(key) == key
        assert check_key(key_label(key)) == key

    def test_a_command_is_found_by_its_name(self) -> None:
        assert [command_named(command.name) for command in COMMANDS] == list(COMMANDS)
        assert command_named("sing") is None


class TestKeymap:
    @pytest.mark.parametrize(
        "key", [key for key in MOVE_KEYS if key not in {"ctrl+g", "alt+p", "ctrl+right_square_bracket"}]
    )
    def test_with_shift_every_motion_extends(self, key: str) -> None:
        *modifiers, last = key.split("+")
        [with_shift] = names_of(kitty_bytes("+".join([*modifiers, "shift", last])))
        assert DEFAULT.command_for(key) == (DEFAULT.bindings[key], False)
        assert DEFAULT.command_for(with_shift) == (DEFAULT.bindings[key], True)

    @pytest.mark.parametrize("key", ["A", "plus", "shift", "+", "shift+f1", "ctrl+shift+s", "x", "", "ctrl+"])
    def test_with_shift_nothing_else_is_another_key(self, key: str) -> None:
        assert DEFAULT.command_for(key) is None

    def test_a_key_with_shift_that_is_bound_does_what_it_is_bound_to(self) -> None:
        assert DEFAULT.command_for("alt+shift+up") == ("add_cursor_above", False)
        assert DEFAULT.command_for("shift+tab") == ("outdent", False)
        assert make_keymap({"shift+up": "save"}).command_for("shift+up") == ("save", False)

    def test_all_names_of_a_key_find_its_command(self) -> None:
        for key in ("ctrl+underscore", "ctrl+slash"):
            assert DEFAULT.command_for(key) == ("toggle_comment", False)
        assert DEFAULT.command_for("shift+alt+up") == ("add_cursor_above", False)

    def test_a_key_can_be_given_to_another_command(self) -> None:
        keymap = make_keymap({"Ctrl-D": "delete_rows", "Alt-X": "sort_rows"})
        assert keymap.command_for("ctrl+d") == ("delete_rows", False)
        assert keymap.keys_of("duplicate") == ()
        assert keymap.keys_of("delete_rows") == ("ctrl+d", "ctrl+shift+k")
        assert keymap.keys_of("sort_rows") == ("alt+x",)

    @pytest.mark.parametrize("nothing", ["", "none"])
    def test_an_unbound_key_does_nothing(self, nothing: str) -> None:
        keymap = make_keymap({"ctrl+q": nothing, "shift+left": nothing})
        assert keymap.command_for("ctrl+q") is None
        assert keymap.command_for("shift+left") is None
        assert keymap.command_for("left") == ("left", False)
        assert keymap.keys_of("quit") == ()

    def test_a_motion_on_an_own_key_extends_with_shift_too(self) -> None:
        assert make_keymap({"alt+w": "word_right"}).command_for("alt+shift+w") == ("word_right", True)

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
    def test_the_keys_of_a_command_find_it_and_begin_with_the_one_to_show(self, command: object) -> None:
        [known] = [one for one in COMMANDS if one is command]
        assert DEFAULT.keys_of(known.name) == known.keys
        assert {DEFAULT.command_for(key) for key in known.keys} <= {(known.name, False)}

    @pytest.mark.parametrize(
        ("overrides", "sentence"),
        [
            ({"ctrl+d": "duplicat"}, "'duplicat' is not a command: did you mean 'duplicate'?"),
            ({"ctrl+d": "xyzzy"}, "'xyzzy' is not a command"),
            ({"ctrl+d": "find", "Ctrl-D": "save"}, "'Ctrl-D' is there twice"),
            ({"ctrl+/": "find", "ctrl+_": "save"}, "'ctrl+_' is there twice"),
            ({"hyper": "save"}, "'hyper' is not a key: write it like ctrl+s, alt+up or f5"),
        ],
    )
    def test_a_mistake_is_told_in_a_sentence(self, overrides: dict[str, str], sentence: str) -> None:
        with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole sentence is compared
            make_keymap(overrides)
        assert str(raised.value) == sentence


class TestCheckKey:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("ctrl+s", "ctrl+s"),
            ("Ctrl-S", "ctrl+s"),
            ("C-s", "ctrl+s"),
            ("CTRL+S", "ctrl+s"),
            ("control-s", "ctrl+s"),
            (" ctrl+s ", "ctrl+s"),
            ("M-x", "alt+x"),
            ("Option-X", "alt+x"),
            ("Alt-Up", "alt+up"),
            ("Shift-Alt-Up", "alt+shift+up"),
            ("S-F3", "shift+f3"),
            ("F5", "f5"),
            ("Ctrl-/", "ctrl+slash"),
            ("Ctrl-_", "ctrl+slash"),
            ("Ctrl-Space", "ctrl+space"),
            ("Ctrl-@", "ctrl+space"),
            ("Ctrl--", "ctrl+minus"),
            ("Ctrl-+", "ctrl+plus"),
            ("ctrl++", "ctrl+plus"),
            ("Ctrl-]", "ctrl+right_square_bracket"),
            ("Alt-.", "alt+full_stop"),
            ("PgUp", "pageup"),
            ("Ctrl-Page-Down", "ctrl+pagedown"),
            ("page_down", "pagedown"),
            ("Esc", "escape"),
            ("Del", "delete"),
            ("Return", "enter"),
            ("Alt-↑", "alt+up"),
            ("Alt-Ü", "alt+ü"),
        ],
    )
    def test_what_people_write_is_the_key_they_mean(self, written: str, meant: str) -> None:
        assert check_key(written) == meant

    @pytest.mark.parametrize(
        "written",
        [
            "",
            " ",
            "ctrl",
            "ctrl+",
            "Ctrl-",
            "ctrl+ctrl",
            "strg+s",
            "f0",
            "f25",
            "ctrl+\x01",
            "ctrl+xy",
            "ctrl+ ",
        ],
    )
    def test_the_rest_is_not_a_key(self, written: str) -> None:
        with pytest.raises(ValueError, match="is not a key: write it like"):
            check_key(written)

    @pytest.mark.parametrize("written", ["a", "A", "shift+a", "-", "+", "space", "/", "slash", "ß", "5"])
    def test_what_one_types_stays_what_one_types(self, written: str) -> None:
        with pytest.raises(ValueError, match="types a character: add ctrl or alt"):
            check_key(written)

    @given(st.text(max_size=5).map(lambda end: f"ctrl+{end}") | st.text())
    @example("Ctrl-İ")
    @example("alt+ǅ")
    def test_every_text_is_a_key_or_refused(self, written: str) -> None:
        try:
            key = check_key(written)
        except ValueError:
            return
        assert check_key(key) == canonical(key) == key

    @given(st.characters(min_codepoint=33, max_codepoint=126))
    def test_a_character_is_called_what_the_terminal_s_key_is_called(self, character: str) -> None:
        [sent] = names_of(f"\x1b[{ord(character.lower())};3u".encode())
        assert check_key(f"alt+{character}") == sent
