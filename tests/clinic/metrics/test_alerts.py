"""Each alert speaks of figures that exist, and leads to a runbook that exists; each runbook is led to."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from clinic import audit
from clinic import counted as pages
from clinic.models import Clinic
from clinic.states import Verb
from realtime import counted, heartbeats, tally
from tests.clinic.owed import owe
from tests.clinic.scrape import text
from tests.factories import do, make_destination, make_device, make_visit

ROOT = Path(__file__).resolve().parents[3]
OPS = ROOT / "docs" / "ops"
ALERTS = OPS / "alerts.yml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
BOOKS = sorted(path for path in OPS.glob("*.md") if path.name != "figures.md")
HEADINGS = ["How it shows", "What patients see", "What to do", "How to know it is over"]
# Prometheus makes it itself, of each target.
OF_PROMETHEUS = {"up"}
WORDS = {"and", "or", "unless", "bool", "offset"}
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
NAMED = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?![\w:]*\s*\()\s*(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')


class Selector(NamedTuple):
    """A metric in an expression, and what it asks of its labels: (label, operator, value)."""

    metric: str
    matchers: list[tuple[str, str, str]]

    def selects(self, labels: dict[str, str]) -> bool:
        return all(_holds(labels.get(name, ""), how, value) for name, how, value in self.matchers)


def _holds(found: str, how: str, value: str) -> bool:
    fits = re.fullmatch(value, found) is not None if "~" in how else found == value
    return fits != how.startswith("!")


def selectors(expression: str) -> list[Selector]:
    """Every metric that a PromQL expression names; functions, groupings and keywords are none."""
    bare = re.sub(r"\[[^\]]*\]", "", GROUPING.sub("", expression))
    found = [(name, MATCHER.findall(inside)) for name, inside in NAMED.findall(bare)]
    return [Selector(name, matchers) for name, matchers in found if name not in WORDS]


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of a file's headings."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a > 5", ["a"]),
        ("sum by (le, b) (rate(a_bucket[5m])) / c", ["a_bucket", "c"]),
        ('a{x="b",y=~"c.+"} == 0 and on (d) e offset 5m', ["a", "e"]),
        ("histogram_quantile(0.99, sum(rate(a[10m])) by (le)) > 1e3", ["a"]),
    ],
)
def test_metrics_are_found_in_an_expression(expression: str, found: list[str]) -> None:
    assert [one.metric for one in selectors(expression)] == found


def test_matchers_are_held_against_labels() -> None:
    (one,) = selectors('a{x="b",y=~"c.+",z!="d"} > 0')
    assert one.selects({"x": "b", "y": "cc"})
    assert not one.selects({"x": "b", "y": "cc", "z": "d"})
    assert not one.selects({"x": "b", "y": "c"})


@pytest.fixture
def scraped(harbor: Clinic, live_redis: Any) -> dict[str, list[dict[str, str]]]:
    """The labels of each sample, by its name, where everything has happened once."""
    make_destination(harbor), make_device(harbor)
    owe(harbor)
    do(make_visit(harbor), Verb.CALL)
    audit.write(audit.SYSTEM, "backup.finish", by=audit.EVENKEEL, of=("backup", ""))
    tally.forget()
    counted.MISSES.count("vendor")
    counted.JOBS.count("low", "failed")
    counted.JOB_DELAYS.observe(1, "integrations")
    pages.REQUESTS.observe(1, "/desk/")
    pages.ANSWERS.count("/desk/", "500")
    tally.hand_over()
    heartbeats.tell("scheduler", [], round_age=0)
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(text()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def test_each_alert_speaks_of_figures_that_exist(scraped: dict[str, list[dict[str, str]]]) -> None:
    wrong = [
        f"{rule['alert']}: {one}"
        for rule in RULES
        for one in selectors(rule["expr"])
        if one.metric not in OF_PROMETHEUS and not any(map(one.selects, scraped.get(one.metric, [])))
    ]
    assert len(RULES) > 20 and wrong == []


def test_each_figure_is_told_of(scraped: dict[str, list[dict[str, str]]]) -> None:
    told = (OPS / "figures.md").read_text()
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in scraped}
    assert len(names) > 30 and {name for name in names if f"`{name}`" not in told} == set()


def test_no_rule_counts_twice_what_two_web_processes_both_say() -> None:
    greater = re.compile(r"max without \(instance(?:, \w+)*\) \((?:\w+\()?evenkeel_")
    wrong = [
        rule["alert"]
        for rule in RULES
        if len(greater.findall(rule["expr"])) != len(re.findall(r"\bevenkeel_", rule["expr"]))
    ]
    assert wrong == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_alert_is_whole(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"].endswith((".", "?"))
    assert re.fullmatch(r"Evenkeel[A-Z][A-Za-z]+", rule["alert"])
    assert re.fullmatch(r"\d+[mhd]", rule.get("for", "0m"))
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in anchors(ROOT / file)


def test_each_runbook_is_led_to_and_names_its_alerts() -> None:
    led_to = {rule["annotations"]["runbook"].partition("#")[0] for rule in RULES}
    assert {str(path.relative_to(ROOT)) for path in BOOKS} == led_to
    for rule in RULES:
        book = ROOT / rule["annotations"]["runbook"].partition("#")[0]
        assert f"`{rule['alert']}`" in book.read_text(), rule["alert"]


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.stem)
def test_runbook_says_all_of_it_and_is_short(book: Path) -> None:
    lines = book.read_text()
    assert re.findall(r"^## (.+)$", lines, flags=re.M) == HEADINGS
    assert len(lines.split()) < 600
    known = "\n".join(path.read_text() for path in (OPS / "alerts.yml", OPS / "figures.md"))
    assert {name for name in re.findall(r"`(evenkeel_\w+)", lines) if name not in known} == set()
    assert {name for name in re.findall(r"`(Evenkeel\w+)`", lines) if name not in known} == set()
    for link in re.findall(r"\]\(([\w./-]+\.(?:md|yml))", lines):
        assert (OPS / link).exists(), link


def test_promtool_agrees_where_it_is_installed() -> None:
    """Beside the tests above, which need none: what fires when, as Prometheus itself reckons it."""
    tool = shutil.which("promtool")
    examples = Path(__file__).with_name("alerts_test.yml")
    assert {one["alertname"] for one in yaml.safe_load(examples.read_text())["tests"][0]["alert_rule_test"]} <= {
        rule["alert"] for rule in RULES
    }
    for words in (["check", "rules", str(ALERTS)], ["test", "rules", str(examples)]) if tool else ():
        done = subprocess.run([str(tool), *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
