"""Settings: who beats whom, and what is refused with which sentence."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm import config
from collabterm.config import (
    DEFAULT_SERVER,
    DEFAULT_STUN,
    Settings,
    load_name,
    load_settings,
)
from collabterm.errors import (
    BadConfigFile,
    BadName,
    BadServerUrl,
    BadSetting,
    BadTheme,
    BadTokenFile,
    BadVariable,
    FileUnreadable,
)
from collabterm.protocol.signaling import check_name
from collabterm.tui.bindings import make_keymap
from collabterm.tui.settings import THEMES, EditorSettings
from collabterm.tui.theme import THEME_NAMES

_ENVIRON = {"LOGNAME": "ada"}


def settings(
    path: Path,
    environ: dict[str, str] = _ENVIRON,
    *,
    server: str | None = None,
    name: str | None = None,
    theme: str | None = None,
    token_file: Path | None = None,
) -> Settings:
    return load_settings(
        config_path=path, environ=environ, server=server, name=name, theme=theme, token_file=token_file
    )


@pytest.fixture
def missing(tmp_path: Path) -> Path:
    return tmp_path / "missing.toml"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('server = "ws://file:1"\nname = "File"\nstun = ["stun:file:1"]\n')
    return path


class TestPrecedence:
    def test_without_anything_there_are_defaults(self, missing: Path) -> None:
        assert settings(missing) == Settings(DEFAULT_SERVER, "ada", DEFAULT_STUN)

    def test_the_file_beats_the_defaults(self, written: Path) -> None:
        assert settings(written) == Settings("ws://file:1", "File", ("stun:file:1",))

    def test_the_environment_beats_the_file(self, written: Path) -> None:
        environ = {
            "COLLABTERM_SERVER": "ws://env:1",
            "COLLABTERM_NAME": "Env",
            "COLLABTERM_STUN": "stun:a, stun:b:2",
        }
        assert settings(written, environ) == Settings("ws://env:1", "Env", ("stun:a", "stun:b:2"))

    def test_the_command_line_beats_the_environment(self, written: Path) -> None:
        environ = {"COLLABTERM_SERVER": "ws://env:1", "COLLABTERM_NAME": "Env"}
        chosen = settings(written, environ, server="ws://line:1", name="Line")
        assert (chosen.server, chosen.name) == ("ws://line:1", "Line")

    def test_a_bad_value_that_is_beaten_does_not_matter(self, missing: Path) -> None:
        environ = {"COLLABTERM_SERVER": "?", "COLLABTERM_NAME": "\x1b"}
        assert settings(missing, environ, server="ws://line:1", name="Line").name == "Line"

    def test_an_empty_server_or_name_in_the_environment_is_not_set(self, written: Path) -> None:
        chosen = settings(written, {"COLLABTERM_SERVER": "", "COLLABTERM_NAME": ""})
        assert (chosen.server, chosen.name) == ("ws://file:1", "File")

    def test_stun_can_be_switched_off(self, tmp_path: Path, missing: Path) -> None:
        (tmp_path / "off.toml").write_text("stun = []")
        assert settings(tmp_path / "off.toml").stun == ()
        assert settings(missing, {"COLLABTERM_STUN": ""}).stun == ()


class TestEditor:
    def test_every_setting_of_the_editor_can_be_in_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text(
            "theme = 'light'\nwrap = true\nline_numbers = false\ntab_size = 8\nindent = 2\nblanks = true\n"
            "color_column = 88\nhints = false\n[keys]\n'Ctrl-D' = 'delete_rows'\n'ctrl+k' = 'none'\n"
        )
        assert settings(path).editor == EditorSettings(
            theme="light",
            wrap=True,
            line_numbers=False,
            tab_size=8,
            indent="  ",
            blanks=True,
            color_column=88,
            hints=False,
            keymap=make_keymap({"ctrl+d": "delete_rows", "ctrl+k": ""}),
        )

    def test_without_a_file_the_editor_is_as_it_comes(self, missing: Path) -> None:
        assert settings(missing).editor == EditorSettings()

    def test_a_file_can_be_indented_by_tabs(self, tmp_path: Path) -> None:
        (tmp_path / "tabs.toml").write_text("indent = 'tab'")
        assert settings(tmp_path / "tabs.toml").editor.indent == "\t"

    def test_the_theme_comes_from_the_command_line_the_environment_or_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text("theme = 'light'\nwrap = true")
        environ = {"COLLABTERM_THEME": "terminal"}
        assert settings(path, {"COLLABTERM_THEME": ""}).editor.theme == "light"
        assert settings(path, environ).editor == EditorSettings(theme="terminal", wrap=True)
        assert settings(path, environ, theme="dark").editor.theme == "dark"

    @pytest.mark.parametrize(("value", "heeded"), [("1", True), ("0", True), ("", False)])
    def test_no_color_is_heeded_unless_it_is_empty(self, missing: Path, value: str, heeded: bool) -> None:
        assert settings(missing, {"NO_COLOR": value}).editor.no_color is heeded

    def test_the_themes_are_those_that_there_are(self) -> None:
        assert THEMES == THEME_NAMES

    @pytest.mark.parametrize("theme", ["", "pink"])
    def test_a_theme_that_there_is_not(self, missing: Path, theme: str) -> None:
        with pytest.raises(BadTheme, match="is not a theme: use one of dark, light, terminal"):
            settings(missing, theme=theme)

    def test_a_theme_in_the_environment_that_there_is_not(self, missing: Path) -> None:
        with pytest.raises(
            BadVariable, match=r"'COLLABTERM_THEME' in the environment .*'pink' is not a theme"
        ):
            settings(missing, {"COLLABTERM_THEME": "pink"})


class TestToken:
    @pytest.fixture
    def token_file(self, tmp_path: Path) -> Path:
        path = tmp_path / "line"
        path.write_text("token-from-the-command-line\n")
        return path

    @pytest.fixture
    def configured(self, tmp_path: Path) -> Path:
        (tmp_path / "token").write_text("token-from-the-config-file\n")
        path = tmp_path / "config.toml"
        path.write_text("token_file = 'token'\n")
        return path

    def test_without_anything_there_is_none(self, missing: Path) -> None:
        assert settings(missing).token is None

    def test_the_config_file_names_a_file_in_its_own_folder(self, configured: Path) -> None:
        assert settings(configured).token == b"token-from-the-config-file"

    def test_the_environment_beats_the_config_file(self, configured: Path) -> None:
        environ = {"COLLABTERM_TOKEN": "token-from-the-environment\n"}
        assert settings(configured, environ).token == b"token-from-the-environment"
        assert settings(configured, {"COLLABTERM_TOKEN": ""}).token == b"token-from-the-config-file"

    def test_the_command_line_beats_both(self, configured: Path, token_file: Path) -> None:
        environ = {"COLLABTERM_TOKEN": "token-from-the-environment"}
        assert settings(configured, environ, token_file=token_file).token == b"token-from-the-command-line"

    def test_a_token_that_is_beaten_is_not_looked_at(self, configured: Path, token_file: Path) -> None:
        (configured.parent / "token").unlink()
        assert settings(configured, {"COLLABTERM_TOKEN": "no"}, token_file=token_file).token
        assert settings(configured, {"COLLABTERM_TOKEN": "x" * 16}).token

    def test_a_path_in_the_config_file_may_be_below_home_or_absolute(
        self, configured: Path, token_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(token_file.parent))
        for path in ("~/line", str(token_file)):
            configured.write_text(f"token_file = {path!r}\n")
            assert settings(configured).token == b"token-from-the-command-line"

    @pytest.mark.parametrize("path", ["missing", ".", "", "a\\u0000b"])
    def test_a_file_in_the_config_that_cannot_be_read(self, configured: Path, path: str) -> None:
        configured.write_text(f'token_file = "{path}"\n')
        with pytest.raises(BadTokenFile, match="cannot be used"):
            settings(configured)

    @pytest.mark.parametrize(
        ("token", "problem"), [("secret", "16 to 256 characters"), ("a secret of two words", "no spaces")]
    )
    def test_a_bad_token_in_the_environment_is_not_shown(
        self, missing: Path, token: str, problem: str
    ) -> None:
        with pytest.raises(BadVariable, match=r"COLLABTERM_TOKEN.* in the environment") as raised:
            settings(missing, {"COLLABTERM_TOKEN": token})
        assert problem in str(raised.value)
        assert token not in str(raised.value)

    def test_what_can_be_read_again_is_known(
        self, configured: Path, token_file: Path, tmp_path: Path
    ) -> None:
        assert settings(configured).token_file == tmp_path / "token"
        assert settings(configured, token_file=token_file).token_file == token_file
        assert settings(configured, {"COLLABTERM_TOKEN": "x" * 16}).token_file is None

    def test_a_pipe_is_read_once(self, missing: Path, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writing = threading.Thread(target=pipe.write_text, args=("token-from-a-pipe",))
        writing.start()
        chosen = settings(missing, token_file=pipe)
        writing.join()
        assert (chosen.token, chosen.token_file) == (b"token-from-a-pipe", None)

    def test_the_settings_do_not_show_it(self, configured: Path) -> None:
        assert "token-from" not in repr(settings(configured))


class TestNameAlone:
    def test_it_is_the_name_that_the_settings_have(self, written: Path, missing: Path) -> None:
        assert load_name(config_path=missing, environ=_ENVIRON) == "ada"
        assert load_name(config_path=written, environ=_ENVIRON) == "File"
        assert load_name(config_path=written, environ={"COLLABTERM_NAME": "Env"}) == "Env"

    def test_it_does_not_need_the_token_or_the_server(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text("name = 'Ada'\ntoken_file = 'missing'\n")
        assert (
            load_name(config_path=path, environ={"COLLABTERM_SERVER": "?", "COLLABTERM_TOKEN": "?"}) == "Ada"
        )

    def test_a_name_that_cannot_be_shown(self, missing: Path) -> None:
        with pytest.raises(
            BadVariable, match=r"'COLLABTERM_NAME' in the environment .*is not a name to show"
        ):
            load_name(config_path=missing, environ={"COLLABTERM_NAME": "\x1b"})


class TestRefused:
    @pytest.mark.parametrize("server", ["", "ftp://host"])
    def test_a_bad_server_on_the_command_line(self, missing: Path, server: str) -> None:
        with pytest.raises(BadServerUrl):
            settings(missing, server=server)

    @pytest.mark.parametrize("name", ["", "\x1b[31m", "x" * 33])
    def test_a_bad_name_on_the_command_line(self, missing: Path, name: str) -> None:
        with pytest.raises(BadName):
            settings(missing, name=name)

    def test_a_bad_server_or_name_in_the_environment(self, missing: Path) -> None:
        with pytest.raises(BadVariable, match="COLLABTERM_SERVER") as raised:
            settings(missing, {"COLLABTERM_SERVER": "foo"})
        assert str(raised.value) == (
            "The variable 'COLLABTERM_SERVER' in the environment is not usable "
            "('foo' is not a server address: write it like ws://host:3001 or wss://host): "
            "correct it or unset it."
        )
        with pytest.raises(BadVariable, match="COLLABTERM_NAME"):
            settings(missing, {"COLLABTERM_NAME": "\x1b"})

    @pytest.mark.parametrize(
        "stun", ["host", "turn:host", "stun:", "stun:host:0", "stun:host:65536", "stun:a b", "stun:a:b:c"]
    )
    def test_a_bad_stun_server_in_the_environment(self, missing: Path, stun: str) -> None:
        with pytest.raises(BadVariable, match=r"COLLABTERM_STUN.* in the environment"):
            settings(missing, {"COLLABTERM_STUN": stun})

    @pytest.mark.parametrize(
        ("content", "setting", "problem"),
        [
            ("wrapping = true", "wrapping", "there is no such setting: did you mean wrap?"),
            (
                "x = 1",
                "x",
                "there is no such setting: the settings are server, name, stun, token_file, theme",
            ),
            ("theme = 'pink'", "theme", "it is not one of dark, light, terminal"),
            ("theme = []", "theme", "it is not one of dark, light, terminal"),
            ("wrap = 1", "wrap", "it is neither true nor false"),
            ("line_numbers = 'yes'", "line_numbers", "it is neither true nor false"),
            ("blanks = 0", "blanks", "it is neither true nor false"),
            ("hints = []", "hints", "it is neither true nor false"),
            ("tab_size = 0", "tab_size", "it is not a number from 1 to 16"),
            ("tab_size = 17", "tab_size", "it is not a number from 1 to 16"),
            ("tab_size = true", "tab_size", "it is not a number from 1 to 16"),
            ("tab_size = 4.0", "tab_size", "it is not a number from 1 to 16"),
            ("indent = 17", "indent", 'neither "tab" nor a number of spaces from 1 to 16'),
            ("indent = 'tabs'", "indent", 'neither "tab" nor a number of spaces from 1 to 16'),
            ("color_column = -1", "color_column", "it is not a number from 0 to 1000"),
            ("color_column = 1001", "color_column", "it is not a number from 0 to 1000"),
            ("keys = 'vi'", "keys", "it is not a table"),
            ("[keys]\n'ctrl+d' = 1", "keys", "what ctrl\\+d does is not a string"),
            ("[keys]\n'strg+d' = 'save'", "keys", "'strg\\+d' is not a key"),
            (
                "[keys]\n'ctrl+d' = 'duplicat'",
                "keys",
                "'duplicat' is not a command: did you mean 'duplicate'?",
            ),
            ("[keys]\n'ctrl+d' = 'save'\nCtrl-D = 'find'", "keys", "'Ctrl-D' is there twice"),
            ("[keys]\na = 'save'", "keys", "'a' types a character"),
            ("[server]\nurl = 1", "server", "it is not a string"),
            ("name = 7", "name", "it is not a string"),
            ("name = ''", "name", "not a name to show"),
            ("token_file = 1", "token_file", "it is not a string"),
            ("token_file = ['token']", "token_file", "it is not a string"),
            ("token_file = '~nobody-of-this-name/token'", "token_file", "nobody's home folder"),
            ("token = 'secret'", "token", "there is no such setting: did you mean token_file?"),
            ("server = 'ftp://host'", "server", "not a server address"),
            ("stun = 'stun:host'", "stun", "it is not a list"),
            ("stun = [1]", "stun", "an entry is not a string"),
            ("stun = ['host']", "stun", "does not look like stun:host"),
        ],
    )
    def test_a_bad_line_in_the_file_is_named_with_what_is_wrong(
        self, tmp_path: Path, content: str, setting: str, problem: str
    ) -> None:
        path = tmp_path / "config.toml"
        path.write_text(content)
        with pytest.raises(BadSetting, match=problem) as raised:
            settings(path, server="ws://line:1", name="Line")
        assert raised.value.fields["path"] == path
        assert raised.value.fields["setting"] == setting

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"name = Ada", r"Invalid value \(at line 1, column 8\)"),
            (f"name = {'9' * 5_000}".encode(), "digits"),
            (b"name = 'Ada'\nname = 'Bob'", "Cannot overwrite a value"),
            (b"name = '\xff'", "it is not UTF-8"),
        ],
        ids=["syntax", "digits", "twice", "latin-1"],
    )
    def test_a_file_that_is_not_toml(self, tmp_path: Path, content: bytes, problem: str) -> None:
        path = tmp_path / "config.toml"
        path.write_bytes(content)
        with pytest.raises(BadConfigFile, match=problem) as raised:
            settings(path)
        assert str(raised.value).startswith(f"{path} is not TOML (")

    def test_a_folder_in_place_of_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileUnreadable, match="Is a directory"):
            settings(tmp_path)


class TestLoginName:
    @pytest.mark.parametrize(
        ("environ", "name"),
        [
            ({"LOGNAME": "ada", "USER": "bob"}, "ada"),
            ({"USER": "bob"}, "bob"),
            ({"USER": "  a\x1b[31m\n "}, "a[31m"),
            ({"USER": "x" * 100}, "x" * 32),
            ({"USER": "\x1b"}, "guest"),
        ],
    )
    def test_it_is_made_fit_to_show(self, missing: Path, environ: dict[str, str], name: str) -> None:
        assert settings(missing, environ).name == name

    def test_without_an_environment_it_is_the_account_s(self, missing: Path) -> None:
        assert settings(missing, {}).name

    @given(st.text(st.characters(codec=None)))
    def test_every_login_name_becomes_a_name_to_show(self, login: str) -> None:
        name = settings(Path("/nonexistent/config.toml"), {"LOGNAME": login}).name
        assert check_name(name) == name


@pytest.mark.parametrize(
    "place",
    [config.config_path, config.state_dir, config.log_path, config.identity_path, config.rescue_dir],
)
def test_asking_for_a_place_creates_nothing(
    place: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    path = place()
    assert path.is_relative_to(tmp_path)
    assert "collabterm" in path.parts
    assert list(tmp_path.iterdir()) == []
