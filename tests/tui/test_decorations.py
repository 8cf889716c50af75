"""What lies over the text: selections, cursors, names and brackets, in the cells where they belong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.style import Style

from collabterm.document.cursors import Cursors
from collabterm.document.lines import LineIndex, Location, Splice
from collabterm.document.selection import Selection
from collabterm.document.wrapping import Layout, Spot
from collabterm.protocol.messages import ClientId
from collabterm.session.presence import COLORS, Participant
from collabterm.tui.decorations import LABEL_S, Scene, decorate
from collabterm.tui.painters import Span
from collabterm.tui.theme import DARK, cursor_style, label_style, selection_style
from collabterm.tui.viewport import Viewport

TEXT = "one two three\nfour five\n\nsix (x)"
NOW_S = 100.0
AWAY = Cursors.at(Location(2, 0))


def scene_of(
    text: str = TEXT,
    cursors: Cursors = AWAY,
    *participants: Participant,
    wrap_width: int | None = None,
    width: int = 30,
    height: int = 8,
    top: int = 0,
    match: Selection | None = None,
) -> Scene:
    lines = LineIndex()
    lines.splice(Splice(lines.offset_at(Location(0, 0)), 0, text))
    layout = Layout(4, wrap_width)
    spots = Viewport(Spot(top, 0), 0, width, height).spots(layout, lines)
    return Scene(lines, layout, DARK, spots, 0, width, cursors, match, participants, NOW_S)


def bob(head: tuple[int, int], anchor: tuple[int, int] | None = None, *, moved_s: float = 0.0) -> Participant:
    selection = Selection(Location(*(anchor or head)), Location(*head))
    return Participant(ClientId(2), "bob", "bob", COLORS[1], selection, frozenset(), moved_s)


def laid(scene: Scene, style: Style) -> list[tuple[int, int, int]]:
    """Return row, first and last cell of what is laid in a style."""
    spans = decorate(scene).spans
    return [
        (row, span.first, span.last) for row in sorted(spans) for span in spans[row] if span.style == style
    ]


def test_the_own_cursor_covers_the_character_behind_it_or_one_cell_at_a_rows_end() -> None:
    assert laid(scene_of("a中b", Cursors.at(Location(0, 1))), DARK.cursor) == [(0, 1, 3)]
    assert laid(scene_of("a\tb", Cursors.at(Location(0, 1))), DARK.cursor) == [(0, 1, 4)]
    assert laid(scene_of("ab\n", Cursors.at(Location(0, 2))), DARK.cursor) == [(0, 2, 3)]
    assert laid(scene_of("", Cursors.at(Location(0, 0))), DARK.cursor) == [(0, 0, 1)]


def test_the_own_further_cursors_look_otherwise_than_the_main_one() -> None:
    heads = [Selection.at(Location(0, 1)), Selection.at(Location(1, 2)), Selection.at(Location(3, 0))]
    scene = scene_of(TEXT, Cursors.of(heads, 1))
    assert laid(scene, DARK.cursor) == [(1, 2, 3)]
    assert laid(scene, DARK.other_cursor) == [(0, 1, 2), (3, 0, 1)]


def test_a_selection_of_several_rows_takes_in_their_ends() -> None:
    scene = scene_of(TEXT, Cursors.single(Selection(Location(0, 4), Location(3, 2))))
    assert laid(scene, DARK.selection) == [(0, 4, 14), (1, 0, 10), (2, 0, 1), (3, 0, 2)]


def test_a_selection_beyond_the_view_is_laid_only_where_it_is_seen() -> None:
    cursors = Cursors.single(Selection(Location(0, 0), Location(90, 0)))
    scene = scene_of("x\n" * 100, cursors, top=40, height=3)
    assert laid(scene, DARK.selection) == [(40, 0, 2), (41, 0, 2), (42, 0, 2)]
    assert laid(scene, DARK.cursor) == []


def test_where_a_search_stands_is_laid_over_the_selection() -> None:
    match = Selection(Location(0, 4), Location(0, 7))
    scene = scene_of(TEXT, Cursors.single(Selection(Location(0, 0), Location(0, 13))), match=match)
    assert laid(scene, DARK.match_current) == [(0, 4, 7)]
    order = [span.style for span in decorate(scene).spans[0]]
    assert order.index(DARK.match_current) > order.index(DARK.selection)


@pytest.mark.parametrize(
    ("cursors", "pair"),
    [
        (Cursors.at(Location(3, 4)), [(3, 4, 5), (3, 6, 7)]),
        (Cursors.at(Location(3, 7)), [(3, 4, 5), (3, 6, 7)]),
        (Cursors.at(Location(3, 0)), []),
        (Cursors.single(Selection(Location(3, 0), Location(3, 4))), []),
        (Cursors.of([Selection.at(Location(0, 0)), Selection.at(Location(3, 4))]), []),
    ],
)
def test_the_brackets_of_a_single_cursor_are_marked(
    cursors: Cursors, pair: list[tuple[int, int, int]]
) -> None:
    assert sorted(laid(scene_of(TEXT, cursors), DARK.bracket)) == pair


def test_another_persons_selection_and_cursor_have_their_color() -> None:
    scene = scene_of(TEXT, AWAY, bob((1, 4), (0, 4)))
    assert laid(scene, selection_style(COLORS[1], DARK)) == [(0, 4, 14), (1, 0, 4)]
    assert laid(scene, cursor_style(COLORS[1], DARK)) == [(1, 4, 5)]


def test_the_own_cursor_lies_on_top_of_everything() -> None:
    scene = scene_of(TEXT, Cursors.at(Location(1, 4)), bob((1, 4), (0, 0), moved_s=NOW_S))
    assert decorate(scene).spans[1][-1] == Span(4, 5, DARK.cursor, uncovers=True)


def labels(scene: Scene) -> list[tuple[int, int, int]]:
    spans = decorate(scene).spans
    return [(row, span.first, span.last) for row in sorted(spans) for span in spans[row] if span.overlay]


def test_a_name_stands_behind_its_row_for_a_while_after_the_cursor_moved() -> None:
    scene = scene_of(TEXT, AWAY, bob((1, 4), moved_s=NOW_S - LABEL_S / 2))
    assert labels(scene) == [(1, 11, 16)]
    assert decorate(scene).has_labels
    later = replace(scene, now_s=NOW_S + LABEL_S)
    assert labels(later) == []
    assert not decorate(later).has_labels


def test_a_name_without_room_is_shown_in_the_row_above_or_at_the_top_below() -> None:
    text = "\n".join(["x" * 29] * 3)
    assert labels(scene_of(text, AWAY, bob((1, 5), moved_s=NOW_S))) == [(0, 5, 10)]
    assert labels(scene_of(text, AWAY, bob((0, 28), moved_s=NOW_S))) == [(1, 25, 30)]


def test_a_name_on_a_wrapped_row_is_shown_within_the_segment_beside_its_own() -> None:
    text = "one two three four\nsix"
    top = Cursors.at(Location(0, 0))
    scene = scene_of(text, top, bob((0, 16), moved_s=NOW_S), wrap_width=12, width=12)
    assert [spot for spot in scene.spots if spot] == [Spot(0, 0), Spot(0, 1), Spot(1, 0)]
    assert labels(scene) == [(0, 3, 8)]  # where it stands, but within the segment above
    above = scene_of(text, top, bob((0, 1), moved_s=NOW_S), wrap_width=12, width=12)
    assert labels(above) == [(0, 9, 14)]


def test_a_name_of_a_cursor_out_of_view_is_not_shown() -> None:
    scene = scene_of("x\n" * 100, AWAY, bob((50, 0), moved_s=NOW_S))
    assert labels(scene) == []
    assert not decorate(scene).has_labels


def test_a_person_without_a_selection_leaves_nothing() -> None:
    nobody = replace(bob((0, 0)), selection=None)
    assert decorate(scene_of(TEXT, AWAY, nobody)).spans == decorate(scene_of(TEXT, AWAY)).spans


def test_a_name_is_harmless_whatever_it_is() -> None:
    scene = scene_of(TEXT, AWAY, replace(bob((1, 4), moved_s=NOW_S), name="\x1b[2J\n\u202e"))
    names = [span.overlay for span in decorate(scene).spans[1] if span.style == label_style(COLORS[1], DARK)]
    assert names
    assert all(name.text.isprintable() for name in names if name is not None)
