"""Type for the farthest seat: the table of the ADA's sign rule, on screens as clinics have them."""

from __future__ import annotations

import pytest

from clinic.screen_sizes import ANY, CALLED_FONT, CAPITAL, LEAST_ROWS, capital_mm, type_for

# Inches, metres, capital in % of the screen's height, called rows, whether it fits.
TABLE = [
    (43, 4.6, 9.5, 4, True),
    (43, 6, 12.3, 3, True),
    (43, 8, 16.2, 3, False),
    (55, 4.6, 7.4, 5, True),
    (55, 6, 9.6, 4, True),
    (55, 8, 12.7, 3, True),
    (65, 4.6, 6.3, 6, True),
    (65, 6, 8.2, 4, True),
    (65, 8, 10.7, 3, True),
]


@pytest.mark.parametrize(("inches", "metres", "share", "rows", "fits"), TABLE)
def test_called_tickets_are_read_from_the_farthest_seat(
    inches: float, metres: float, share: float, rows: int, fits: bool
) -> None:
    size = type_for(inches, metres)
    assert size.fits is fits and size.called_rows == rows
    written = size.called_row * CALLED_FONT * CAPITAL
    assert written == pytest.approx(share, abs=0.1) if fits else written < share
    assert size.capital_mm == pytest.approx(size.needed_mm) if fits else size.capital_mm < size.needed_mm


@pytest.mark.parametrize(("metres", "mm"), [(1, 51), (4.6, 51), (6, 66), (8, 87), (12, 128)])
def test_capitals_grow_by_an_eighth_of_an_inch_a_foot(metres: float, mm: float) -> None:
    assert capital_mm(metres) == pytest.approx(mm, abs=0.6)


@pytest.mark.parametrize(("inches", "metres"), [(None, None), (55, None), (None, 6), (0, 6)])
def test_without_both_numbers_nothing_is_asked_for(inches: float | None, metres: float | None) -> None:
    assert type_for(inches, metres) is ANY
    assert (ANY.called_rows, ANY.next_places(with_names=False), ANY.next_places(with_names=True)) == (16, 42, 28)


def test_smallest_screen_in_the_largest_room_still_shows_three_and_says_that_it_does_not_fit() -> None:
    size = type_for(24, 12)
    assert (size.called_rows, size.fits) == (LEAST_ROWS, False)
    assert size.next_places(with_names=False) > 0


def test_waiting_list_is_clear_too_so_fewer_have_a_place_in_a_large_room() -> None:
    places = [type_for(55, metres).next_places(with_names=False) for metres in (4.6, 8, 12)]
    assert places == sorted(places, reverse=True) and places[0] == 42 and places[-1] < 20
