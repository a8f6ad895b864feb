"""Shapes as SVG: well-formed, escaped, and no longer than need be."""

from __future__ import annotations

from clinic.drill import svg
from tests.clinic.drill import drawn

NASTY = "<script>\"'&"


def test_words_are_escaped() -> None:
    [node] = drawn.tree(svg.text((1, 2), NASTY, NASTY))
    assert (node.text, node.get("class")) == (NASTY, NASTY)


def test_an_image_says_what_it_is() -> None:
    image = drawn.tree(svg.image("one", (10, 20), NASTY, "More of it", svg.line((0, 0), (1, 1), "grid")))
    title, desc, line = image
    assert (image.get("role"), image.get("viewBox")) == ("img", "0 0 10 20")
    assert image.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert (drawn.name(title), title.text, drawn.name(desc), desc.text) == ("title", NASTY, "desc", "More of it")
    assert drawn.name(line) == "line"


def test_numbers_are_short() -> None:
    assert svg.box(0.04, 1.06, 10.0, 3, "") == '<rect x="0" y="1.1" width="10" height="3"/>'


def test_a_line_through_points() -> None:
    assert svg.polyline([(0, 0), (1, 2), (3.25, 4)]) == "M0 0L1 2L3.2 4"


def test_dots_are_strokes_of_no_length() -> None:
    assert svg.dots([(1, 2), (3, 4)]) == "M1 2h0M3 4h0"
    assert svg.dots([]) == ""


def test_a_cross_has_two_arms_about_its_point() -> None:
    assert svg.crosses([(10, 10)]) == "M7 7l6 6m0 -6l-6 6"


def test_hatching_stays_in_its_strip() -> None:
    assert svg.hatch(0, 17, 0, 5) == "M0 5l5 -5M5 5l5 -5M10 5l5 -5"
    assert svg.hatch(5, 5, 0, 5) == ""


def test_a_group_moves_its_shapes() -> None:
    inner = svg.group(10, 20, svg.text((1, 2), "a"))
    [box] = drawn.boxes(inner)
    assert box.left == 11 and box.top < 22 < box.bottom
