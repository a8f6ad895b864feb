"""The picture of the README: the incident's design against Evenkeel in one SVG, on a ground of its own."""

from __future__ import annotations

from collections.abc import Iterable

from clinic.drill import plots, svg
from clinic.drill.goals import Outage
from clinic.drill.record import Run
from clinic.drill.story import story

SIDES = {"incident": "The design of 2019", "evenkeel": "Evenkeel"}
SIZE = 920.0, 430.0
MARGIN = 24.0
STYLE = """
text{font:13px "Atkinson Hyperlegible",system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#0f1d29}
.tick,.soft{fill:#4a5560}.tick{font-size:12px}.strong,.name,.result{font-weight:700}
.name{font-size:16px}.result{font-size:19px}
line,path{fill:none;stroke:#0f1d29}.ground{fill:#fcfaf5}.grid{stroke:#dcd9d2}.wash{fill:#fff}
.hatch{stroke:#4a5560;stroke-width:1.2}.area{fill:#dcedf0;stroke:none}
.curve{stroke:#0f5560;stroke-width:2;stroke-linejoin:round}
.dots{stroke:#0f5560;stroke-width:4.5;stroke-linecap:round}.crosses{stroke-width:1.5}
.level{stroke-width:1.2}.level.strong{stroke-dasharray:7 4}.level.soft{stroke:#4a5560;stroke-dasharray:1.5 3}
.keel{fill:#0f5560}
"""


def picture(runs: Iterable[Run], outage: Outage = None) -> str:
    """A whole SVG file: queue and delays of both designs in the outage, and the result in words."""
    of = {(run.design, run.vendor): run for run in runs}
    sides = [run for key in SIDES if (run := of.get((key, "out")))]
    scale = plots.scale(sides)
    told = story(sides)
    shapes = [f"<style>{STYLE}</style>", svg.box(0, 0, *SIZE, "ground"), *_heads(told.sentence if told else "")]
    for place, run in enumerate(sides):
        during = outage or (0.0, run.seconds)
        queue = plots.queue(run, scale, during)
        delays = plots.delays(run, scale, during, of.get((run.design, "well")))
        top = 78 + place * 178
        shapes.append(svg.group(0, top, _side(SIDES[run.design], queue, delays)))
    desc = " ".join(f"{SIDES[run.design]}: {plots.says(run)}" for run in sides)
    return svg.image("drill", SIZE, told.sentence if told else "The drill", desc, "".join(shapes)) + "\n"


def _heads(sentence: str) -> list[str]:
    return [svg.text((MARGIN, 34), sentence, "result")]


def _side(name: str, queue: str, delays: str) -> str:
    return svg.text((MARGIN, 0), name, "name") + svg.group(0, 0, queue) + svg.group(450, 0, delays)
