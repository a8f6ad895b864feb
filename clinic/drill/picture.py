"""The picture of the README: the incident's design against Evenkeel in one SVG, on a ground of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clinic.drill import plots, svg
from clinic.drill.record import Run
from clinic.drill.story import story

SIDES = {"incident": "The design of 2019", "evenkeel": "Evenkeel"}
SIZE = 920.0, 540.0
MARGIN, MIDDLE = 24.0, 470.0
TOPS = 134.0, 340.0
"""Where each design's part begins."""
STYLE = """
text{font:13px "Atkinson Hyperlegible",system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#0f1d29}
.tick,.soft{fill:#4a5560}.tick{font-size:12px}.strong,.name,.result{font-weight:700}
.name{font-size:16px}.result{font-size:20px}
line,path{fill:none;stroke:#0f1d29}.ground{fill:#fcfaf5}.grid{stroke:#dcd9d2}.wash{fill:#f0eee8}
.hatch{stroke:#4a5560;stroke-width:1.2}.area{fill:#bfdbe0;stroke:none}
.curve{stroke:#0f5560;stroke-width:2;stroke-linejoin:round}
.dots{stroke:#0f5560;stroke-width:4.5;stroke-linecap:round}.crosses{stroke-width:1.5}
.level{stroke-width:1.2}.level.strong{stroke-dasharray:7 4}.level.soft{stroke:#4a5560;stroke-dasharray:1.5 3}
.keel{fill:#0f5560}
"""


def picture(runs: Iterable[Run]) -> str:
    """A whole SVG file: queue and delays of both designs in the outage, and the result in words."""
    of = {(run.design, run.vendor): run for run in runs}
    sides = [run for key in SIDES if (run := of.get((key, "out")))]
    scale = plots.scale(sides)
    told = story(sides)
    lines = told.lines if told else ("The drill did not measure both designs in the outage.",)
    shapes = [f"<style>{STYLE}</style>", svg.box(0, 0, *SIZE, "ground"), *_heads(lines)]
    for place, run in enumerate(sides):
        queue = plots.queue(run, scale)
        delays = plots.delays(run, scale, of.get((run.design, "well")))
        shapes.append(svg.group(0, TOPS[place], _side(SIDES[run.design], queue, delays)))
    desc = " ".join(f"{SIDES[run.design]}: {plots.says(run)}" for run in sides)
    return svg.image("drill", SIZE, " ".join(lines), desc, "".join(shapes)) + "\n"


def _heads(lines: Sequence[str]) -> list[str]:
    told = [svg.text((MARGIN, 40 + 27 * place), line, "result") for place, line in enumerate(lines)]
    heads = zip((plots.LEFT, MIDDLE + plots.LEFT), plots.HEADS, strict=True)
    return told + [svg.text((left, 100), head, "soft") for left, head in heads]


def _side(name: str, queue: str, delays: str) -> str:
    return svg.text((MARGIN, 0), name, "name") + svg.group(0, 12, queue) + svg.group(MIDDLE, 12, delays)
