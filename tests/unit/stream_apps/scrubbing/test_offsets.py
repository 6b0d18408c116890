"""Places in the scrubbed text lead back to places in the original."""

from muniment.stream_apps.scrubbing.offsets import Edit, to_original

EDITS = (Edit(start=4, length=7, original_length=3), Edit(start=11, length=4, original_length=20))


def test_before_any_edit_a_place_is_itself() -> None:
    """Nothing has moved yet."""
    assert [to_original(p, EDITS) for p in range(5)] == [0, 1, 2, 3, 4]


def test_inside_a_replacement_a_start_goes_to_its_start_and_an_end_to_its_end() -> None:
    """Half a replacement stands for all of what it replaced."""
    assert to_original(6, EDITS) == 4
    assert to_original(6, EDITS, end=True) == 7
    assert to_original(12, EDITS) == 7
    assert to_original(12, EDITS, end=True) == 27


def test_between_two_replacements_that_touch_both_readings_agree() -> None:
    """The end of the first is the start of the second."""
    assert to_original(11, EDITS) == to_original(11, EDITS, end=True) == 7


def test_after_an_edit_places_move_by_what_it_took() -> None:
    """The shift is the sum of the differences."""
    assert to_original(15, EDITS) == 27
    assert to_original(100, EDITS) == 112
