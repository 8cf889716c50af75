"""``collabterm join``, put together: document, room, screen, network, log and rescue.

It must not hold any of their logic. What is slow to import (websockets, then aiortc) is imported
once the first screen is up.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import secrets
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from collabterm import config
from collabterm.document.shared_text import Document
from collabterm.errors import CollabtermError, FileProblem, InternalError
from collabterm.file_keeper import FileKeeper
from collabterm.join_request import JoinRequest
from collabterm.session.room import Room
from collabterm.storage.identity import SEED_BYTES, load_or_create_seed
from collabterm.transport.identity import Identity
from collabterm.tui.app import EditorApp
from collabterm.tui.driver import TerminalDriver

logger = logging.getLogger(__name__)

_CLIENT_ID_BITS: Final = 53
_STANDARD_ERROR: Final = 2
_MAX_LOG_BYTES: Final = 2_000_000


def join_room(request: JoinRequest) -> int:
    """Run the editor until the person leaves; return the exit code.

    Raises:
        CollabtermError: If it could not start, or had to stop; what was typed has been kept.
    """
    log = _log_to_file()
    with _errors_to(log):
        session = _Session(request)
        code = asyncio.run(session.run())
    kept = session.kept_copy
    if kept is not None:
        sys.stderr.write(f"collabterm: {kept}\n")
    if session.failure is not None:
        raise session.failure
    return code


class _Session:
    """One run of the editor."""

    def __init__(self, request: JoinRequest) -> None:
        self.failure: CollabtermError | None = None
        self.kept_copy: str | None = None
        self._request = request
        self._network: asyncio.Task[None] | None = None
        seed = load_or_create_seed(config.identity_path(), secrets.token_bytes(SEED_BYTES))
        self._identity = Identity(seed, secrets.token_bytes(16))
        self._document = Document(secrets.randbits(_CLIENT_ID_BITS))
        self._room = Room(self._document, self._identity.peer_id, request.settings.name)
        self._keeper = FileKeeper(self._document, request.path, request.loaded, request.language)

    async def run(self) -> int:
        """Run screen and network together; whatever ends them, keep what would be lost."""
        loop = asyncio.get_running_loop()
        self._app = EditorApp(
            self._room,
            self._request.room,
            self._keeper,
            loop.time,
            self._request.settings.editor,
            self._request.language,
            on_ready=self._connect,
            driver_class=TerminalDriver,
        )
        loop.set_exception_handler(self._on_loop_error)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._app.exit, 128 + number)
        try:
            code = await self._app.run_async()
        finally:
            if self._network is not None:
                self._network.cancel()
                with suppress(asyncio.CancelledError):
                    await self._network
        if self._app.failure is not None:
            self.failure = InternalError(log=config.log_path())
        if code != 0:
            self._keep_copy()
        return code if code is not None else 1

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End the editor for an error that passed through our code; log one of a library's own."""
        error = context.get("exception")
        if isinstance(error, Exception) and any(
            frame.f_globals.get("__name__", "").startswith("collabterm")
            for frame, _ in traceback.walk_tb(error.__traceback__)
        ):
            self._app.fail(error)
        else:
            loop.default_exception_handler(context)

    def _connect(self) -> None:
        """Start the network, from within the app: what arrives is painted in Textual's context."""
        self._network = asyncio.create_task(self._stay_connected())

    async def _stay_connected(self) -> None:
        connection = await asyncio.to_thread(importlib.import_module, "collabterm.connection")
        try:
            await connection.stay_connected(
                self._request,
                self._identity,
                self._room,
                self._keeper,
                on_refused=self._refuse,
                on_notice=self._app.tell,
            )
        except Exception as error:  # noqa: BLE001  # a mistake of ours anywhere in the network ends the editor in order
            self._app.fail(error)

    def _refuse(self, problem: CollabtermError) -> None:
        """End what has not begun: the server cannot be used, and nothing was typed yet."""
        self.failure = problem
        self._app.exit(problem.exit_code)

    def _keep_copy(self) -> None:
        """Keep a copy of unsaved text when the end was not the person's own doing."""
        try:
            path = self._keeper.rescue(config.rescue_dir(), self._request.room)
        except FileProblem as problem:
            self.kept_copy = str(problem)
            return
        if path is not None:
            self.kept_copy = f"unsaved text was kept in {path}"


def _log_to_file() -> Path:
    """Log to the state folder: while the editor runs the screen is not ours to write on."""
    path = config.log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
            path.replace(path.with_suffix(".old.log"))
        handler: logging.Handler = logging.FileHandler(path, delay=True)
    except OSError:
        path, handler = Path(os.devnull), logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    level = logging.DEBUG if os.environ.get("COLLABTERM_LOG", "").upper() == "DEBUG" else logging.INFO
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aioice", "aiortc", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return path


@contextmanager
def _errors_to(log: Path) -> Iterator[None]:
    """Send standard error to the log, also what native code writes there, and bring it back after."""
    kept = os.dup(_STANDARD_ERROR)
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, _STANDARD_ERROR)
    os.close(descriptor)
    try:
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
