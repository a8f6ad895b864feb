"""The page: one file, well-formed, that asks nobody for anything, and tells what the runs say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clinic.drill.files import write
from clinic.drill.page import page
from clinic.drill.provenance import Made, here
from clinic.drill.record import DESIGNS, Run
from clinic.drill.report import in_order, row
from clinic.drill.table import cells
from tests.clinic.drill import drawn, made

MADE = Made(datetime(2026, 3, 5, 14, 7, tzinfo=UTC), "2 cores", "Python 3.11", 66.0, "make drill")
VOID = {"meta", "link", "hr", "br", "img", "input"}
NASTY = "<b>&\"'</b>"


class Reader(HTMLParser):
    """Checks that what opens closes, and collects words by element, attributes, and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.said: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, key, value or "") for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, key, value or "") for key, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.said.append((self.open[-1], " ".join(data.split())))

    def all(self, tag: str, key: str) -> list[str]:
        return [value for one, name, value in self.attributes if (one, name) == (tag, key)]

    def values(self, key: str) -> list[str]:
        return [value for _tag, name, value in self.attributes if name == key]

    def words(self, tag: str) -> list[str]:
        return [words for one, words in self.said if one == tag]

    @property
    def text(self) -> str:
        return " ".join(words for tag, words in self.said if tag != "style")


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


@cache
def whole() -> str:
    return page(made.ladder(), MADE)


def svgs(text: str) -> list[str]:
    return re.findall(r"<svg.*?</svg>", text, flags=re.S)


@pytest.mark.parametrize(
    "runs",
    [
        made.ladder(),
        [],
        [made.empty()],
        [made.empty(design.key) for design in DESIGNS],
        [replace(made.run(), design="other")],
    ],
    ids=["all", "none", "nothing measured", "nothing at all measured", "unknown design"],
)
def test_it_is_well_formed_whatever_was_run(runs: list[Run]) -> None:
    reader = read(page(runs, MADE))
    ids = reader.values("id")
    named = [name for names in reader.values("aria-labelledby") for name in names.split()]
    assert len(ids) == len(set(ids)) and set(named) <= set(ids)
    assert len(reader.words("h1")) >= 1


def test_it_asks_nobody_for_anything() -> None:
    text, reader = whole(), read(whole())
    assert reader.values("src") == reader.values("href") == reader.values("action") == []
    assert not {"script", "link", "iframe", "img"} & {tag for tag, _key, _value in reader.attributes}
    assert [
        url for url in re.findall(r"url\(\"?([^)\"]{0,20})", text) if not url.startswith("data:font/woff2")
    ] == []
    assert "@import" not in text and set(re.findall(r"https?://[^\"\s]+", text)) == {"http://www.w3.org/2000/svg"}


def test_it_wears_the_products_own_tokens_and_fonts() -> None:
    tokens = Path("static/css/tokens.css").read_text()
    assert re.findall(r"--(?:sea|ink|paper): .*", tokens) == re.findall(r"--(?:sea|ink|paper): light.*", whole())
    assert whole().count("data:font/woff2;base64,d09GMg") == 4


def test_its_first_sentence_has_the_two_figures() -> None:
    reader = read(whole())
    assert reader.words("b")[:2] == ["56 s", "0.008 s"]
    assert "54 of them never began with the design of 2019; with Evenkeel all did." in reader.text
    assert "Evenkeel met its goals." in reader.text


def test_each_design_has_its_line_figures_and_two_plots() -> None:
    reader, pictures = read(whole()), svgs(whole())
    assert reader.all("article", "data-design") == [design.key for design in DESIGNS]
    assert all(design.title in reader.text and design.says in reader.text for design in DESIGNS)
    assert len(pictures) == 2 * len(DESIGNS)
    assert [drawn.overlaps(picture) for picture in pictures] == [[]] * len(pictures)
    assert all(drawn.name(node) in ("title", "desc") for picture in pictures for node in drawn.tree(picture)[:2])


def test_all_plots_of_a_kind_have_one_scale() -> None:
    queues = [drawn.words(picture) for picture in svgs(whole())[::2]]
    assert all("120" in words and "60" in words for words in queues)


def test_the_table_has_every_figure() -> None:
    said = read(whole()).words("td")
    figures = [cell for run in in_order(made.ladder()) for cell in cells(row(run))[1:]]
    assert said == figures


def test_the_goals_say_met_and_how_they_were_judged() -> None:
    reader = read(whole())
    assert reader.words("b")[2:] == ["met"] * 5
    assert reader.all("li", "data-goal") == ["emr", "incident", "screens", "held", "all"]
    assert "1.1 times the value without the outage" in reader.text


def test_a_missed_goal_is_said_first_and_in_its_place() -> None:
    runs = [replace(run, vendor_requests=0) if run.design == "evenkeel" else run for run in made.ladder()]
    reader = read(page(runs, MADE))
    assert "Evenkeel missed 1 of 5 goals." in reader.words("p")
    assert reader.words("b")[2:] == ["met", "met", "met", "missed", "met"]
    assert "Evenkeel met its goals" not in reader.text


def test_nothing_measured_is_no_result() -> None:
    reader = read(page([], MADE))
    assert reader.words("h1") == ["The drill did not measure both the design of 2019 and Evenkeel in the outage."]
    assert "Evenkeel missed 5 of 5 goals." in reader.words("p")


def test_it_says_how_it_was_made_and_what_it_does_not_show() -> None:
    text = read(whole()).text
    for words in (
        "5 March 2026, 14:07 UTC", "2 cores", "Python 3.11", "make drill", "66 s, of which 60 s are measured",
        "silent for all of them",
        "60 check-ins, 120 changes of a queue in the whole run, its warm-up too; 4 workers",
        "a stand-in of ours", "loopback", "under 2 % with them",
    ):  # fmt: skip
        assert words in text


def test_the_outage_is_shaded_in_every_plot() -> None:
    assert all(len(drawn.paths(picture, "hatch")) == 1 for picture in svgs(whole()))


def test_of_several_pairs_the_last_is_told_everywhere_and_all_are_judged() -> None:
    last = replace(made.run(), emr=made.waited([0.2] * 70), check_ins=63, changes=121)
    reader = read(page([*made.ladder(), made.run("evenkeel", "well"), last], MADE))
    figures = [cell for run in in_order([*made.ladder()[:-1], last]) for cell in cells(row(run))[1:]]
    assert reader.words("td") == figures
    assert reader.words("b")[:2] == [reader.words("b")[0], "0.20 s"]
    assert reader.words("dd")[20:22] == ["0.20 s", "0 of 70"]
    assert "63 check-ins, 121 changes" in reader.text and "the best of 2 pairs of runs" in reader.text


def test_what_it_is_told_is_escaped() -> None:
    reader = read(page([made.run("evenkeel"), replace(made.run(), design=NASTY)], MADE._replace(command=NASTY)))
    assert reader.words("code") == [NASTY]
    assert NASTY in reader.all("tr", "data-design")


def test_the_three_files_are_written(tmp_path: Path) -> None:
    rows, html, picture = write(made.ladder(), MADE, tmp_path / "new" / "folder")
    assert [path.name for path in (rows, html, picture)] == ["drill.json", "drill.html", "drill.svg"]
    assert json.loads(rows.read_text())["met"] is True
    assert html.read_text() == whole()
    assert "56 s with the design of 2019" in drawn.words(picture.read_text().strip())[0]


def test_where_it_was_made_is_described_not_named() -> None:
    found = here(30.0, "make drill")
    assert re.fullmatch(r"\d+ cores, \d+ GiB of memory, \w+ on \w+", found.machine)
    assert re.search(r"Python 3\.\d+\.\d+, Django 5\.2.*, RQ 3\.0.*, Ably SDK 3\.1.*, Valkey \d", found.versions)
    assert (found.seconds, found.command) == (30.0, "make drill")
    assert abs((datetime.now(UTC) - found.when).total_seconds()) < 60
