"""The page of a drill: one file that needs nothing else, neither server nor script nor network."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from clinic import fonts
from clinic.drill import plots, svg
from clinic.drill.goals import met
from clinic.drill.noise import RULE
from clinic.drill.provenance import Made
from clinic.drill.record import DESIGNS, Design, Run
from clinic.drill.report import is_met, last, row
from clinic.drill.story import story
from clinic.drill.table import HEADS, cells
from clinic.drill.words import duration, percent

STYLES = ("tokens.css", "base.css")


def page(runs: Sequence[Run], made: Made) -> str:
    """The whole page as HTML: result, plots, table, goals, how it was made, limits.

    Of what was played several times, goals judge every run, and all else tells the last.
    """
    goals, runs = met(runs), last(runs)
    return render_to_string(
        "drill/report.html",
        {
            "style": mark_safe(_style()),
            "story": story(runs),
            "goals": goals,
            "missed": sum(not goal.is_met for goal in goals),
            "is_met": is_met(goals),
            "rule": RULE,
            "rungs": list(_rungs(runs)),
            "plots": plots.HEADS,
            "heads": HEADS,
            "rows": [_cells(run) for run in runs],
            "made": made,
            "work": _work(runs),
        },
    )


def _rungs(runs: Iterable[Run]) -> Iterable[dict[str, Any]]:
    """Each design of the ladder that was run in the outage, with its plots and figures."""
    of = {(run.design, run.vendor): run for run in runs}
    scale = plots.scale([run for (_, vendor), run in of.items() if vendor == "out"])
    for design in DESIGNS:
        if out := of.get((design.key, "out")):
            queue = plots.queue(out, scale)
            delays = plots.delays(out, scale, of.get((design.key, "well")))
            yield {
                "design": design,
                "queue": _image(design, "queue", "jobs waiting", plots.says(out), queue),
                "delays": _image(design, "delays", "wait of each EMR job", plots.says(out), delays),
                "figures": _figures(out),
            }


def _image(design: Design, name: str, of: str, desc: str, shapes: str) -> str:
    size = plots.WIDTH, plots.HEIGHT
    return mark_safe(svg.image(f"{design.key}-{name}", size, f"{design.title}: {of}", desc, shapes))


def _figures(run: Run) -> list[tuple[str, str]]:
    figures = row(run)
    wait, screen = figures["emr_start_p99_s"], figures["screen_p99_ms"]
    return [
        ("EMR jobs, p99", "-" if wait is None else duration(wait)),
        ("never began", f"{figures['emr_never_started']} of {len(run.emr)}"),
        ("screens, p99", "-" if screen is None else duration(screen / 1000)),
        ("workers held", f"{percent(figures['worker_share_held'])} %"),
    ]


def _work(runs: Iterable[Run]) -> Run | None:
    """The run that shows how much work each one was: Evenkeel's in the outage."""
    return next((run for run in runs if (run.design, run.vendor) == ("evenkeel", "out")), None)


def _cells(run: Run) -> dict[str, Any]:
    titles = {design.key: design.title for design in DESIGNS}
    design, vendor, *numbers = cells(row(run))
    return {"key": run.design, "design": titles.get(design, design), "vendor": vendor, "numbers": numbers}


@cache
def _style() -> str:
    """The product's own tokens and base, with the fonts inside."""
    style = "\n".join((settings.BASE / "static" / "css" / name).read_text() for name in STYLES)
    with tempfile.TemporaryDirectory() as folder:
        for font in fonts.make(Path(folder)):
            inside = "data:font/woff2;base64," + base64.b64encode(font.read_bytes()).decode()
            style = style.replace(f"../fonts/{font.name}", inside)
    return style
