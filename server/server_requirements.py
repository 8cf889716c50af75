"""Print what a machine that only serves has to install, of all that collabterm requires.

It must not name a version: those stand in pyproject.toml, and are read from there.
``pip install --no-deps`` of collabterm itself comes on top; a test starts the server with nothing else.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

SERVER_PACKAGES: Final = ("cryptography", "typer", "websockets")
EXTRA: Final = "redis"
"""Several instances are what containers are for, and its package is small."""

_PYPROJECT: Final = Path(__file__).resolve().parent.parent / "pyproject.toml"
_AFTER_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")
"""A requirement begins with a name (PEP 508)."""


def server_requirements(pyproject: str) -> list[str]:
    """Return the requirements of the server, each as pyproject.toml states it.

    Raises:
        KeyError: If one that the server loads is not among collabterm's own, or the extra is gone.
    """
    project = tomllib.loads(pyproject)["project"]
    stated = {_AFTER_NAME.split(line, 1)[0]: line for line in project["dependencies"]}
    return [*(stated[name] for name in SERVER_PACKAGES), *project["optional-dependencies"][EXTRA]]


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in server_requirements(_PYPROJECT.read_text("utf-8")))
