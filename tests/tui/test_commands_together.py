"""Every command while somebody else edits in the same place: nothing is lost, doubled or undone for them.

Ana runs the command, and Bob edits before he hears of it. Each then gets what the other did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabterm.document import motions
from collabterm.document.cursors import Cursors
from collabterm.document.edits import Rewrite
from collabterm.document.file_style import FileStyle
from collabterm.document.lines import Edit, Location
from collabterm.document.replace_all import PART_ROWS, replace_all
from collabterm.document.replacing import Replacing, compile_template, replace_one
from collabterm.document.search import Query, compile_query
from collabterm.document.selection import Selection
from collabterm.document.shared_text import Document, PeerOrigin, Step
from collabterm.tui import actions
from collabterm.tui.clipboard import Copied
from collabterm.tui.editor import Editor
from collabterm.tui.work import Work
from tests.document.plain_text import PlainLines, location_at, offset_of
from tests.document.rewriting import STYLES, check_cursors, cursors_in, run, texts
from tests.plain_merge import Merged, Other, PlainMerge

TOKEN: Final = "Ω"
"""What no text of these tests has."""

BOBS: Final = (TOKEN, TOKEN, f"{TOKEN}\n", f"\n{TOKEN}", "\n", "\u0301", f"{TOKEN}\u200d", "")


class NotedDocument(Document):
    """A document that tells a naive one of every own edit."""

    def __init__(self, client_id: int, noted: PlainMerge) -> None:
        super().__init__(client_id)
        self._noted = noted

    def edit(
        self,
        edits: Sequence[Edit],
        now_s: float,
        step: Step = Step.TYPED,
        *,
        before: Cursors | None = None,
        after: Cursors | None = None,
    ) -> None:
        text = self.text()
        for one in reversed(edits):
            self._noted.replace(offset_of(text, one.start), offset_of(text, one.end), one.text)
        super().edit(edits, now_s, step, before=before, after=after)


class Person:
    """One replica and the editor on it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.editor = Editor(document, lambda: 0.0, Work())

    @property
    def text(self) -> str:
        return self.document.text()

    def hears_of(self, other: Person) -> None:
        """Get all that the other one has."""
        update = other.document.update_since(self.document.state_vector())
        self.document.apply_update(update, PeerOrigin("other"))

    def makes(self, edit: Other) -> None:
        """Make an edit without any command."""
        start, end = (location_at(self.text, offset) for offset in (edit.start, edit.end))
        self.document.edit([Edit(start, end, edit.text)], 0.0)

    def check_cursors(self) -> None:
        """Check that the cursors are in the text, between clusters."""
        check_cursors(self.text, self.editor.cursors)


Deed = Callable[[Editor], object]


def running(*names: str) -> Deed:
    """Run commands by their names; a name of one character is typed."""

    def go(editor: Editor) -> None:
        for name in names:
            if len(name) == 1:
                editor.type(name)
            else:
                assert editor.run(name)

    return go


def cut_rows(editor: Editor) -> None:
    editor.collapse()
    editor.cut()


def pasting(text: str, *, is_rows: bool = False) -> Deed:
    return lambda editor: editor.paste(Copied(text, is_rows))


def replace_selected(editor: Editor) -> None:
    """Replace what is selected, if it is a match."""
    pattern = compile_query(Query("[a-z]+", is_regex=True))
    template = compile_template(pattern, r"<\g<0>>")
    found = replace_one(editor._document.lines, pattern, editor.cursors.main, template, 1.0)
    if found is not None:
        editor.rewrite(Rewrite((found,), Cursors.at(found.new_end)))


def replace_everything(editor: Editor) -> None:
    """Replace all matches."""
    pattern = compile_query(Query("[a-z]|  ", is_regex=True))
    template = compile_template(pattern, r"<\g<0>>")
    document = editor._document
    with document.marked(editor.cursors.selections) as marks:
        for _ in replace_all(document, Replacing(pattern, template, None, 1.0), 1, lambda: 0.0):
            pass
        editor.put(Cursors.of(marks, editor.cursors.main_index))


DEEDS: Final[Mapping[str, Deed]] = {
    **{name: running(name) for name in actions.EDITS},
    "type": running("x"),
    "type a bracket": running("("),
    "type over the next match": running("add_next_match", "add_next_match", "x"),
    "type over every match": running("cursor_at_every_match", "x"),
    "type at a cursor added below": running("add_cursor_below", "x"),
    "type at a cursor added above": running("add_cursor_above", "x"),
    "cut": lambda editor: editor.cut(),
    "cut rows": cut_rows,
    "paste": pasting("p\nq"),
    "paste a row at each": pasting("p\nq\n"),
    "paste rows": pasting("p\nq\n", is_rows=True),
    "replace one": replace_selected,
    "replace all": replace_everything,
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A text, Ana's cursors in it, how it is written, and what Bob does."""

    text: str
    cursors: Cursors
    style: FileStyle
    bob: Other

    def people(self) -> tuple[Person, Person, PlainMerge]:
        """Seat Ana, whose edits are noted, and Bob at the text."""
        noted = PlainMerge(self.text)
        ana, bob = Person(NotedDocument(1, noted)), Person(Document(2))
        ana.document.seed(self.text, {})
        bob.hears_of(ana)
        ana.editor.style = self.style
        ana.editor.put(self.cursors)
        return ana, bob, noted


@st.composite
def edits_of(draw: st.DrawFn, text: str, near: Sequence[int]) -> Other:
    """An edit, most likely near some places."""
    place = st.sampled_from(near).flatmap(lambda offset: st.integers(offset - 1, offset + 1))
    start = min(max(draw(st.one_of(place, st.integers(0, len(text)))), 0), len(text))
    end = min(start + draw(st.sampled_from((0, 0, 0, 1, 3))), len(text))
    written = draw(st.sampled_from(BOBS))
    return Other(start, end, written if written or end > start else TOKEN)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    text = draw(texts())
    cursors = draw(cursors_in(text))
    near = [offset_of(text, end) for one in cursors.selections for end in (one.start, one.end)]
    return Scene(text, cursors, draw(st.sampled_from(STYLES)), draw(edits_of(text, near)))


def meet(*people: Person) -> None:
    """Let everybody hear of everything; all must have the same text."""
    for one in people:
        for other in people:
            if one is not other:
                one.hears_of(other)
    assert len({person.text for person in people}) == 1


def check_is_one_of(merges: Iterable[Merged], text: str) -> None:
    """Check that the text is one of those that it may be."""
    assert text in [merged.text for merged in merges]


def check_heads(ana: Person, before: Sequence[int], noted: PlainMerge, other: Other) -> None:
    """Check that the cursors are where they were in what the command wrote."""
    lines = PlainLines(ana.text)
    allowed: set[int] = set()
    for merged in noted.done(other):
        if merged.text == ana.text:
            allowed |= {place for offset in before for place in noted.places(offset, merged, other)}
    outside = (motions.out_of_cluster(lines, location_at(ana.text, place)) for place in allowed)
    allowed |= {offset_of(ana.text, location) for location in outside}
    assert {offset_of(ana.text, one.head) for one in ana.editor.cursors.selections} <= allowed


def heads(person: Person) -> list[int]:
    return [
        offset_of(person.text, end)
        for one in person.editor.cursors.selections
        for end in (one.anchor, one.head)
    ]


each_deed = pytest.mark.parametrize("name", DEEDS)
few = settings(max_examples=12, deadline=None)


@each_deed
@few
@given(scene=scenes())
def test_a_command_and_an_edit_at_the_same_moment_both_take_effect_once(name: str, scene: Scene) -> None:
    ana, bob, noted = scene.people()
    DEEDS[name](ana.editor)
    assert ana.text == noted.after
    placed = heads(ana)
    bob.makes(scene.bob)
    meet(ana, bob)
    check_is_one_of(noted.done(scene.bob), ana.text)
    ana.check_cursors()
    check_heads(ana, placed, noted, scene.bob)


@each_deed
@few
@given(scene=scenes())
def test_undo_takes_back_the_command_and_leaves_the_edit_in_the_middle_of_it(name: str, scene: Scene) -> None:
    ana, bob, noted = scene.people()
    DEEDS[name](ana.editor)
    bob.makes(scene.bob)
    meet(ana, bob)
    ana.editor.run("undo")
    meet(ana, bob)
    check_is_one_of(noted.undone(scene.bob), ana.text)
    ana.check_cursors()
    ana.editor.run("redo")
    meet(ana, bob)
    check_is_one_of(noted.done(scene.bob), ana.text)
    ana.check_cursors()


@each_deed
@few
@given(scene=scenes(), data=st.data())
def test_undo_and_redo_at_the_moment_of_an_edit_leave_it(
    name: str, scene: Scene, data: st.DataObject
) -> None:
    ana, bob, noted = scene.people()
    DEEDS[name](ana.editor)
    meet(ana, bob)
    edit = data.draw(edits_of(noted.after, heads(ana)))
    bob.makes(edit)
    ana.editor.run("undo")
    meet(ana, bob)
    check_is_one_of(noted.undone_meanwhile(edit), ana.text)
    ana.check_cursors()


@each_deed
@few
@given(scene=scenes())
def test_redo_at_the_moment_of_an_edit_leaves_it(name: str, scene: Scene) -> None:
    ana, bob, noted = scene.people()
    DEEDS[name](ana.editor)
    ana.editor.run("undo")
    meet(ana, bob)
    bob.makes(scene.bob)
    ana.editor.run("redo")
    meet(ana, bob)
    check_is_one_of(noted.done(scene.bob), ana.text)
    ana.check_cursors()


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("written", [TOKEN, f"{TOKEN}\n", f"\n{TOKEN}"])
@pytest.mark.parametrize("is_alone", [True, False])
def test_what_is_typed_around_an_edit_is_one_step_of_undo(place: int, written: str, is_alone: bool) -> None:
    one, other = Selection.at(Location(0, 2)), Selection.at(Location(1, 1))
    cursors = Cursors.single(one) if is_alone else Cursors.of([one, other])
    ana, bob, _ = Scene("abcd\nefgh", cursors, FileStyle(), Other(place, place, written)).people()
    ana.editor.type("x")
    bob.makes(Other(place, place, written))
    meet(ana, bob)
    ana.editor.type("y")
    assert ana.text.count("y") == len(cursors)
    ana.editor.run("undo")
    assert ana.text == Other(place, place, written).alone("abcd\nefgh")


@each_deed
@few
@given(scene=scenes())
def test_a_command_after_an_edit_does_what_it_does_in_that_text_alone(name: str, scene: Scene) -> None:
    ana, bob, _ = scene.people()
    bob.makes(scene.bob)
    meet(ana, bob)
    ana.check_cursors()
    cursors = ana.editor.cursors
    alone, _, noted = Scene(ana.text, cursors, scene.style, scene.bob).people()
    for person in (ana, alone):
        DEEDS[name](person.editor)
    assert (ana.text, ana.editor.cursors) == (alone.text, alone.editor.cursors)
    if name in actions.EDITS:
        naive = run(actions.EDITS[name].command, noted.before, cursors, scene.style)
        assert (ana.text, ana.editor.cursors) == naive


ROWS: Final = 2 * PART_ROWS + 50
"""So many that all matches are replaced, and brought back, in several parts."""

LONG: Final = "".join(f"{row} old\n" if row % 40 == 0 else f"{row}\n" for row in range(ROWS))
REMARKS: Final = [
    chr(first + number) + end for first, end in ((0x4E00, ""), (0x5000, "\n")) for number in range(4)
]


def write_remarks(bob: Person, remarks: list[str], data: st.DataObject) -> None:
    """Let Bob write some of the remarks, somewhere at a row's start or end."""
    for _ in range(data.draw(st.integers(0, min(len(remarks), 3)))):
        lines = bob.document.lines
        row = data.draw(st.one_of(st.integers(0, lines.row_count - 1), st.integers(0, 2)))
        end = len(lines.line(row)) if lines.line(row).isascii() else 0
        place = Location(row, data.draw(st.sampled_from((0, end))))
        bob.document.edit([Edit(place, place, remarks.pop())], 0.0)


def check_remarks(text: str, expected: str, waiting: Sequence[str]) -> None:
    """Check that each remark is there once and that all else is as expected."""
    assert re.sub("[\u4e00-\u4eff]|[\u5000-\u50ff]\n", "", text) == expected
    for remark in REMARKS:
        assert text.count(remark) == (remark not in waiting)


@settings(max_examples=8, deadline=None)
@given(is_deaf=st.booleans(), data=st.data())
def test_replacing_in_parts_and_undoing_it_leave_what_another_writes_meanwhile(
    is_deaf: bool, data: st.DataObject
) -> None:
    ana, bob = Person(Document(1)), Person(Document(2))
    ana.document.seed(LONG, {})
    bob.hears_of(ana)
    waiting = list(REMARKS)
    pattern = compile_query(Query("old"))
    replacing = Replacing(pattern, compile_template(pattern, "new"), None, 1.0)
    parts = replace_all(ana.document, replacing, 1, lambda: 0.0)
    undoing = takewhile(lambda stepped: stepped.has_more, iter(ana.document.undo, None))
    for steps, expected in ((parts, LONG.replace("old", "new")), (undoing, LONG)):
        for _ in steps:
            write_remarks(bob, waiting, data)
            ana.hears_of(bob)
            if not is_deaf:
                bob.hears_of(ana)
        meet(ana, bob)
        check_remarks(ana.text, expected, waiting)
