"""The few shapes of our plots, as SVG text. Looks come from classes, so that page and picture may differ."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

Point = tuple[float, float]


def text(at: Point, words: str, kind: str = "", anchor: str = "start") -> str:
    """Words with their baseline at a point; `anchor` is start, middle or end."""
    return f'<text x="{_n(at[0])}" y="{_n(at[1])}"{_kind(kind)} text-anchor="{anchor}">{escape(words)}</text>'


def line(begin: Point, end: Point, kind: str) -> str:
    (x1, y1), (x2, y2) = begin, end
    return f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"{_kind(kind)}/>'


def box(left: float, top: float, width: float, height: float, kind: str) -> str:
    size = f'x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}"'
    return f"<rect {size}{_kind(kind)}/>"


def path(steps: str, kind: str) -> str:
    return f'<path d="{steps}"{_kind(kind)}/>'


def polyline(points: Iterable[Point]) -> str:
    """The steps of a path through points, from the first on."""
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def dots(points: Iterable[Point]) -> str:
    """The steps of a path of round dots: strokes of no length with round ends."""
    return "".join(f"M{_n(x)} {_n(y)}h0" for x, y in points)


def crosses(points: Iterable[Point], arm: float = 3) -> str:
    """The steps of a path of crosses."""
    twice = _n(2 * arm)
    return "".join(f"M{_n(x - arm)} {_n(y - arm)}l{twice} {twice}m0 -{twice}l-{twice} {twice}" for x, y in points)


def hatch(left: float, right: float, top: float, height: float) -> str:
    """The steps of a path of slanted strokes that fill a strip: seen without any colour."""
    count = int((right - left) // height)
    return "".join(
        f"M{_n(left + place * height)} {_n(top + height)}l{_n(height)} -{_n(height)}" for place in range(count)
    )


def group(right: float, down: float, shapes: str) -> str:
    """Shapes, moved."""
    return f'<g transform="translate({_n(right)} {_n(down)})">{shapes}</g>'


def image(name: str, size: tuple[float, float], title: str, desc: str, shapes: str) -> str:
    """A whole picture. `name` is unique in its page; `title` and `desc` are what screen readers say."""
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" role="img" '
        f'aria-labelledby="{escape(name)}-title {escape(name)}-desc">'
        f'<title id="{escape(name)}-title">{escape(title)}</title>'
        f'<desc id="{escape(name)}-desc">{escape(desc)}</desc>{shapes}</svg>'
    )


def _kind(kind: str) -> str:
    return f' class="{escape(kind)}"' if kind else ""


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
