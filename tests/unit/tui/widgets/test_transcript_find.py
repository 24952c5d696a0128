"""Finding in a conversation: every match once, in reading order, searched in slices from the newest up."""

from __future__ import annotations

from llmtui.core.messages import Role
from llmtui.tui.widgets.transcript_find import Find, Hit
from llmtui.tui.widgets.transcript_item import Item
from llmtui.tui.widgets.transcript_model import Model


def model(*texts: str) -> Model:
    return Model([Item(str(n), Role.USER, "you", text) for n, text in enumerate(texts)])


def test_a_slice_at_a_time_from_the_newest() -> None:
    find = Find(model("one two", "TWO", "none", "two two"), "two")
    find.search(1)
    assert (find.total, find.is_complete) == (2, False)
    while not find.is_complete:
        find.search(1)
    assert find.total == 4
    assert find.within(0) == [Hit(0, 4, 7)]
    assert list(find.within(2)) == []


def test_steps_go_around_the_ends() -> None:
    find = Find(model("a", "b a", "a"), "a")
    find.search()
    assert find.number == 0
    assert find.step(0, nearest=1) == Hit(1, 2, 3)
    assert [find.step(1, 0), find.number, find.step(1, 0), find.number] == [Hit(2, 0, 1), 3, Hit(0, 0, 1), 1]
    assert find.step(-1, 0) == Hit(2, 0, 1)


def test_the_first_step_is_around_the_end_when_nothing_is_above() -> None:
    find = Find(model("x", "x", "a"), "a")
    find.search()
    assert find.step(0, nearest=0) == Hit(2, 0, 1)


def test_text_is_taken_as_it_is() -> None:
    find = Find(model("a.b (c", "axb"), ".b (")
    find.search()
    assert find.total == 1
    empty = Find(model("abc"), "")
    empty.search()
    assert (empty.total, empty.step(1, 0)) == (0, None)


def test_a_message_that_grew_is_searched_again() -> None:
    talk = model("a", "b")
    find = Find(talk, "a")
    find.search()
    talk.view(1).body.append(" a a")
    find.refresh(1)
    find.refresh(1)
    assert [find.total, len(find.within(1))] == [3, 2]
