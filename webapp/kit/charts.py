"""Charts as SVG, drawn on the server, coloured by the classes of app.css, legible in print.

Positions are Decimals, so that the same figures give the same picture everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext as _
from markupsafe import Markup, escape

MOST_TICKS = 120
FEWEST_TICKS = 24  # the width is shared by at least as many, so that two rows are two ticks and not two bars
LEFT, RIGHT, TOP, BOTTOM = 34, 248, 8, 46  # the drawing area of a trend, in a 300 × 64 box


@dataclass(frozen=True)
class _Scale:
    low: Decimal
    high: Decimal

    def y(self, value: Decimal) -> Decimal:
        share = (value - self.low) / (self.high - self.low)
        return _round(Decimal(BOTTOM) - share * (BOTTOM - TOP))


def trend(
    points: Sequence[tuple[str, Decimal]],
    *,
    low: Decimal | None,
    high: Decimal | None,
    label: str,
    unit: str = "",
) -> Markup:
    """The last readings as a line with the allowed range; (label, value) oldest first. Empty without points."""
    if not points:
        return Markup("")
    values = [value for _label, value in points]
    scale = _scale([*values, *[limit for limit in (low, high) if limit is not None]])
    step = Decimal(RIGHT - LEFT) / max(len(points) - 1, 1)
    xs = [_round(LEFT + step * index) for index in range(len(points))]
    line = " ".join(f"{x},{scale.y(value)}" for x, value in zip(xs, values, strict=True))
    inside = [
        _band(scale, low, high),
        *[_limit(scale, limit) for limit in (low, high) if limit is not None],
        f'<polyline class="c-line" points="{line}"/>',
        *[_dot(x, scale.y(value), _is_out(value, low, high)) for x, value in zip(xs, values, strict=True)],
        _last_value(xs[-1], scale.y(values[-1]), values[-1], _is_out(values[-1], low, high)),
        f'<text x="{LEFT}" y="61">{escape(points[0][0])}</text>',
        f'<text x="{RIGHT}" y="61" text-anchor="end">{escape(points[-1][0])}</text>' if len(points) > 1 else "",
    ]
    spoken = _("%(label)s: %(values)s", label=label, values=", ".join(f"{v} {unit}".strip() for v in values))
    return _svg("chart trend", "0 0 300 64", spoken, "".join(inside))


def bars(values: Sequence[tuple[str, int]], *, label: str) -> Markup:
    """Counts as bars, each with its number above and its name below."""
    highest = max([count for _name, count in values] + [1])
    width = Decimal(270) / max(len(values), 1)
    inside = ['<line class="c-grid" x1="20" x2="290" y1="100" y2="100"/>']
    for index, (name, count) in enumerate(values):
        x = _round(20 + width * index + width / 6)
        height = _round(Decimal(80) * count / highest)
        middle = _round(x + width / 3)
        inside.append(
            f'<rect class="c-bar" x="{x}" y="{100 - height}" width="{_round(width * 2 / 3)}" height="{height}"/>'
            f'<text class="c-ink" x="{middle}" y="{95 - height}" text-anchor="middle">{count}</text>'
            f'<text x="{middle}" y="114" text-anchor="middle">{escape(name)}</text>'
        )
    spoken = _("%(label)s: %(values)s", label=label, values=", ".join(f"{name} {count}" for name, count in values))
    return _svg("chart", "0 0 300 120", spoken, "".join(inside))


def gauge(done: int, total: int, *, label: str, state: str = "") -> Markup:
    """A bar filled by the share that is done; `state` colours it ("ok", "warn", "abnormal")."""
    filled = _round(Decimal(100) * min(done, total) / total) if total else Decimal(0)
    coloured = f' data-s="{escape(state)}"' if state else ""
    return Markup(  # noqa: S704  (numbers, and texts escaped)
        f'<svg class="gauge"{coloured} viewBox="0 0 100 14" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"><rect class="g-track" y="4" width="100" height="6"/>'
        f'<rect class="g-fill" y="4" width="{filled}" height="6"/></svg>'
    )


def ticks(states: Sequence[str], *, label: str) -> Markup:
    """One tick per row: "ok", "abnormal" (taller), "now" (the next), "todo". Above 120 rows a gauge."""
    if len(states) > MOST_TICKS:
        return gauge(sum(state in ("ok", "abnormal") for state in states), len(states), label=label)
    paths: dict[str, list[str]] = {"todo": [], "ok": [], "abnormal": [], "now": []}
    tops = {"todo": 13, "ok": 6, "abnormal": 0, "now": 0}
    for index, state in enumerate(states):
        top = tops.get(state, 13)
        paths.setdefault(state, []).append(f"M{index * 10} {top}h7V22h-7z")
    drawn = "".join(_tick_path(state, "".join(steps)) for state, steps in paths.items() if steps)
    return _svg("ticks", f"0 0 {max(len(states), FEWEST_TICKS) * 10 - 3} 22", label, drawn, stretch=True)


def _tick_path(state: str, path: str) -> str:
    css_class = "" if state == "todo" else f' class="t-{state}"'
    return f'<path{css_class} d="{path}"/>'


def _svg(css_class: str, box: str, spoken: str, inside: str, *, stretch: bool = False) -> Markup:
    fit = ' preserveAspectRatio="none"' if stretch else ""
    return Markup(  # noqa: S704  (numbers, and texts escaped)
        f'<svg class="{css_class}" viewBox="{box}"{fit} role="img" aria-label="{escape(spoken)}">{inside}</svg>'
    )


def _scale(values: Sequence[Decimal]) -> _Scale:
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1
    room = (high - low) / 8
    return _Scale(low - room, high + room)


def _band(scale: _Scale, low: Decimal | None, high: Decimal | None) -> str:
    if low is None and high is None:
        return ""
    top = scale.y(high) if high is not None else Decimal(TOP)
    bottom = scale.y(low) if low is not None else Decimal(BOTTOM)
    return (
        f'<rect class="c-band" x="{LEFT}" y="{top}" width="{RIGHT - LEFT}" height="{max(bottom - top, Decimal(0))}"/>'
    )


def _limit(scale: _Scale, limit: Decimal) -> str:
    y = scale.y(limit)
    return (
        f'<line class="c-lim" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>'
        f'<text x="{LEFT - 4}" y="{y + 4}" text-anchor="end">{limit}</text>'
    )


def _dot(x: Decimal, y: Decimal, is_out: bool) -> str:
    if is_out:
        return f'<path class="c-bad" d="M{x} {y - 6}l6 6-6 6-6-6z"/>'
    return f'<circle class="c-dot" cx="{x}" cy="{y}" r="2.5"/>'


def _last_value(x: Decimal, y: Decimal, value: Decimal, is_out: bool) -> str:
    css_class = "c-red" if is_out else "c-ink"
    return f'<text class="{css_class}" x="{x + 10}" y="{y + 4}">{value}</text>'


def _is_out(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _round(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"))
