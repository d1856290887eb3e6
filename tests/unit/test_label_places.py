"""The words of several calipers: each beside its own line, whatever was drawn first; none over another, none cut."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.imaging.label_places import label_heights

heights = st.floats(0, 100)
labels = st.lists(st.tuples(st.floats(0, 50), heights).map(lambda it: (it[0], it[0] + 20, it[1])), max_size=8)


def test_a_label_stays_beside_its_line_whatever_was_drawn_before() -> None:
    femur, head = (10.0, 30.0, 80.0), (12.0, 32.0, 20.0)

    assert label_heights([femur, head], 5, 0, 100) == [80.0, 20.0]
    assert label_heights([head, femur], 5, 0, 100) == [20.0, 80.0]


def test_of_two_at_one_place_one_moves_by_a_line_and_those_beside_each_other_stay() -> None:
    assert label_heights([(0, 20, 50), (10, 30, 51)], 5, 0, 100) == [50, 55]
    assert label_heights([(0, 20, 50), (20, 40, 50)], 5, 0, 100) == [50, 50]
    assert label_heights([(0, 20, 100), (0, 20, 99)], 5, 0, 100) == [94, 99], "below the limit there is no room"


@given(labels)
def test_no_label_lies_over_another_or_outside(wanted: list[tuple[float, float, float]]) -> None:
    found = label_heights(wanted, 5, 0, 100)

    assert all(0 <= height <= 100 for height in found)
    for (one, first), (other, second) in combinations(zip(wanted, found, strict=True), 2):
        apart = one[1] <= other[0] or other[1] <= one[0]
        assert apart or abs(first - second) >= 5 - 1e-6


def test_where_there_is_no_room_at_all_a_label_stands_where_it_was_wanted() -> None:
    assert label_heights([(0, 20, 2), (0, 20, 3)], 5, 0, 4) == [2, 3]
