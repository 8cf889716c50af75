"""The sentences that people read, as they are put together."""

from __future__ import annotations

import pytest

from collabterm.errors import BadName, BadSetting, CannotListen, CollabtermError, ServerRefused


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            BadSetting(setting="name", path="config.toml", problem=BadName(name="", limit=32)),
            "The setting 'name' in config.toml is not usable ('' is not a name to show: "
            "use 1 to 32 printable characters): correct it or remove the line.",
        ),
        (
            CannotListen(host="here", port=1, reason=OSError("It is raining.")),
            "Cannot listen on here port 1 (It is raining): choose another --host or --port.",
        ),
    ],
)
def test_a_sentence_in_brackets_loses_its_full_stop(error: CollabtermError, sentence: str) -> None:
    assert str(error) == sentence


def test_a_sentence_at_the_end_keeps_its_full_stop() -> None:
    assert str(ServerRefused(url="ws://a:1", message="Go.")) == "The server at ws://a:1 refused: Go."
