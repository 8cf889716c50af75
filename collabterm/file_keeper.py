"""The one file that the room's text is saved to: when it may be written and what was written last.

It must not draw anything; ``collabterm.tui.saving`` says what it answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from collabterm.document.file_format import TextFormat, encode_file
from collabterm.document.languages import detect_language
from collabterm.document.lines import LineIndex
from collabterm.document.shared_text import Change, Document, PeerOrigin
from collabterm.errors import FileUnwritable
from collabterm.storage import files
from collabterm.storage.files import Fingerprint, LoadedFile
from collabterm.tui.saving import NeedsConsent, NeedsPath, Saved, SaveOutcome

_FIRST_LINE_BYTES: Final = 200
_PLAIN: Final = TextFormat(newline="\n", bom=False)


class FileKeeper:
    """The file of one document.

    Args:
        document: Whose text is saved.
        path: Where to, if the person named a file.
        loaded: What was there at the start, if anything.
        language: The name of its language, if the person gave it.
    """

    def __init__(
        self, document: Document, path: Path | None, loaded: LoadedFile | None, language: str | None = None
    ) -> None:
        self._document = document
        self._path = path
        self._loaded = loaded
        self._language = language
        self._waits_for_room = loaded is not None
        self._agreed: Fingerprint | None = None
        """What the file holds as far as the person has agreed to its being replaced; None if it is absent."""
        self._saved: tuple[int, bytes] | None = None
        """Size and hash of the text in the file, once the person has agreed to what it holds."""
        self._is_modified: bool | None = None
        document.subscribe(self._on_change)

    @property
    def name(self) -> str:
        """The file's name, or an empty string."""
        return self._path.name if self._path is not None else ""

    @property
    def is_modified(self) -> bool:
        """Whether the text is another than on disk, as far as we know; with no file, if there is any."""
        if self._is_modified is None:
            size, saved_hash = self._saved or (0, None)
            lines = self._document.lines
            is_same = lines.size == size and (saved_hash is None or lines.text_hash() == saved_hash)
            self._is_modified = not is_same
        return self._is_modified

    @property
    def waits_for_room(self) -> bool:
        """Whether what was loaded still may have to go into the document."""
        return self._waits_for_room

    def enter(self, *, created: bool, awaited: bool = False) -> None:
        """Put what was loaded into the document if the room is new, or let it go; only the first time counts.

        But in a room that is kept for others, who are ``awaited`` with its text, it is too early for
        either. Then what was loaded waits: to be put in after all if the room turns out to be ours, and
        to be let go as soon as there is something of somebody else or the person saves.
        """
        if self._loaded is None or not self._waits_for_room or (awaited and not created):
            return
        if not created:
            self._let_go()
            return
        self._waits_for_room = False
        start = self._loaded.content[:_FIRST_LINE_BYTES].decode(errors="ignore")
        text_format = self._loaded.text_format
        language = self._language or detect_language(self.name, start).name
        # What was typed before the server answered is no part of the file.
        lines = self._document.lines if self._document.is_pristine else LineIndex(self._loaded.text)
        properties = {"newline": text_format.newline, "bom": text_format.bom, "language": language}
        self._document.seed(self._loaded.take_content(), properties)
        self._agree(self._loaded.fingerprint, lines)

    def compare(self) -> None:
        """Take note if the room's text already is what the file holds."""
        if self._loaded is not None and files.fingerprint_of(self._raw()) == self._loaded.fingerprint:
            self._agree(self._loaded.fingerprint, self._document.lines)

    def save(self, path: str | None = None, *, overwrite: bool = False) -> SaveOutcome:
        """Write the text; to ``path`` if given, which is the file from then on.

        Raises:
            FileProblem: If it cannot be written; nothing changed.
        """
        target = _expanded(Path(path)) if path is not None else self._path
        if target is None:
            return NeedsPath()
        agreed = self._agreed if target == self._path else None
        raw = self._raw()
        on_disk = files.read_fingerprint(target)
        if on_disk not in (None, agreed, files.fingerprint_of(raw)) and not overwrite:
            return NeedsConsent(target.name)
        fingerprint = files.save(target, raw)
        self._let_go()
        self._path = target
        self._agree(fingerprint, self._document.lines)
        return Saved(target.name)

    def rescue(self, folder: Path, name: str) -> Path | None:
        """Keep a copy of text that is on no disk; return where, or None if nothing would be lost."""
        if not self.is_modified or not self._document.lines.size:
            return None
        return files.save_rescue(folder, name, self._raw())

    def _on_change(self, change: Change) -> None:
        self._is_modified = None
        if isinstance(change.origin, PeerOrigin):
            self._let_go()

    def _let_go(self) -> None:
        """Keep no longer what was loaded: it has no place in this room."""
        if self._loaded is not None and self._waits_for_room:
            self._loaded.take_content()
        self._waits_for_room = False

    def _agree(self, fingerprint: Fingerprint, lines: LineIndex) -> None:
        """Take note of what the file holds; the document may already hold more."""
        self._agreed = fingerprint
        self._saved = (lines.size, lines.text_hash())
        self._is_modified = None

    def _raw(self) -> bytes:
        return encode_file(self._document.text(), self._text_format())

    def _text_format(self) -> TextFormat:
        """Return the file's format as the room agreed on it; properties come from peers."""
        properties = self._document.properties()
        match properties.get("newline"):
            case "\n" | "\r\n" | "\r" as newline:
                return TextFormat(newline=newline, bom=properties.get("bom") is True)
            case _:
                return self._loaded.text_format if self._loaded is not None else _PLAIN


def _expanded(path: Path) -> Path:
    """Put a home in the place of ``~`` or ``~user``."""
    try:
        return path.expanduser()
    except (RuntimeError, ValueError) as error:  # ValueError: the user's name has a NUL
        raise FileUnwritable(path=path, reason="there is no such user") from error
