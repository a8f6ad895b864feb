"""The picture of the README: both designs on one scale, with its own ground, readable wherever it is shown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clinic.drill.picture import SIDES, SIZE, picture
from clinic.drill.record import Run, Sample
from tests.clinic.drill import drawn, made

RUNS = [
    pytest.param(made.ladder(), id="all"),
    pytest.param([made.run("incident"), made.run("evenkeel")], id="outage only"),
    pytest.param([made.run("evenkeel")], id="one side"),
    pytest.param([made.empty("incident"), made.empty("evenkeel")], id="nothing measured"),
    pytest.param([], id="no runs"),
]


@pytest.mark.parametrize("runs", RUNS)
def test_its_words_are_apart_and_inside(runs: list[Run]) -> None:
    text = picture(runs)
    assert drawn.overlaps(text) == []
    assert max(box.right for box in drawn.boxes(text)) <= SIZE[0]
    assert max(box.bottom for box in drawn.boxes(text)) <= SIZE[1]


def test_it_has_its_own_ground_under_all() -> None:
    first = next(node for node in drawn.tree(picture(made.ladder())) if drawn.name(node) == "rect")
    assert (first.get("class"), float(first.get("width", 0)), float(first.get("height", 0))) == ("ground", *SIZE)


def test_it_shows_both_designs_and_says_the_result() -> None:
    found = drawn.words(picture(made.ladder()))
    assert {*SIDES.values(), "peak 112", "peak 2", "54 of 60"} <= set(found)
    assert found[:2] == [
        "In the outage, the record system's jobs waited 56 s with the design of 2019",
        "and 0.008 s with Evenkeel, on the same work.",
    ]


def test_both_sides_have_one_scale() -> None:
    found = drawn.words(picture(made.ladder()))
    assert found.count("120") == found.count("60") == 2
    longer = [replace(run, samples=(Sample(0.0, {"notices": 400}, 0),)) for run in made.ladder()[-1:]]
    found = drawn.words(picture([made.run("incident"), *longer]))
    assert found.count("400") == found.count("200") == 2


def test_it_says_so_when_it_has_nothing_to_compare() -> None:
    assert drawn.words(picture([]))[0] == "The drill did not measure both designs in the outage."


def test_who_does_not_see_it_is_told() -> None:
    title, desc, *_ = drawn.tree(picture(made.ladder()))
    assert (title.text or "").startswith("In the outage, the record system's jobs waited 56 s")
    assert "The design of 2019: At most 112 jobs waited" in (desc.text or "")
    assert "Evenkeel: At most 2 jobs waited" in (desc.text or "")


def test_it_needs_nothing_else() -> None:
    text = picture(made.ladder())
    assert not re.search(r"href|src=|url\(|@import|<script|<image", text)
    assert re.findall(r"https?://\S+?(?=\")", text) == ["http://www.w3.org/2000/svg"]


def test_every_class_has_a_look() -> None:
    text = picture(made.ladder())
    classes = {one for node in drawn.tree(text).iter() for one in node.get("class", "").split()}
    assert {one for one in classes if f".{one}" not in text} == set()
