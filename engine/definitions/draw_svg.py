"""The ladder as an SVG of our own: states in a column, arrows in lanes beside it, their names written downwards.

No style attributes and no script, so that the page's content policy lets it through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape

from engine.definitions.draw import FORMER_ZH, Move, clocks, kind_zh, moves_of, staying
from engine.definitions.workflow import FORMER, Workflow

BOX = 520
"""Width of a state's box, in pixels."""
COLUMNS = 38
"""Full-width characters in a line of a box."""
LINE, SMALL, GAP, PAD, PITCH, STUB = 18, 13, 44, 12, 17, 14
_FILLS = {"open": "#eaf2fb", "observing": "#fdf3dc", "final": "#eef3ea", "": "#f4f4f4"}
_INK = ("#1f4e79", "#7a3e00", "#2e6b34", "#6b2e63", "#8a1c1c", "#3d5a00", "#00585a", "#4a4a4a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One state as drawn."""

    name: str
    title: str
    kind: str
    lines: tuple[str, ...]
    top: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One arrow as drawn: from some heights to one, along a vertical line, with its names beside it."""

    move: Move
    ends: tuple[int, ...]
    arrow: int
    columns: tuple[str, ...]
    writing: int = 0
    """Where the names begin: below the last arrow that leaves the same box, so that no line crosses them."""
    at: int = 0

    @property
    def top(self) -> int:
        """The highest point of the lane."""
        return min(*self.ends, self.arrow)

    @property
    def bottom(self) -> int:
        """The lowest point that the lane or its writing reaches."""
        longest = max(len(column) for column in self.columns)
        return max(*self.ends, self.arrow, self.writing + longest * (SMALL + 1) + 4)

    @property
    def width(self) -> int:
        """The room that the lane takes beside its neighbours."""
        return PITCH * len(self.columns) + 10


def svg(workflow: Workflow) -> str:
    """The picture as one SVG document in UTF-8 text."""
    moves = moves_of(workflow)
    boxes = _boxes(workflow, moves)
    places = {box.name: at for at, box in enumerate(boxes)}
    down = [m for m in moves if places[m.target] > min(places[s] for s in m.sources)]
    up = [m for m in moves if m not in down]
    slots: dict[str, int] = {}
    lanes = _lanes(boxes, down, slots), _lanes(boxes, up, slots)
    right, left = (_packed(_written(each, boxes, slots)) for each in lanes)
    margin = PAD + _extent(left) + STUB
    width = margin + BOX + STUB + _extent(right) + PAD
    height = max(box.top + box.height for box in boxes)
    height = max([height, *(lane.bottom for lane in (*left, *right))]) + GAP
    body: list[str] = []
    for number, lane in enumerate(right):
        body += _arrow(lane, margin + BOX, 1, _INK[number % len(_INK)])
    for number, lane in enumerate(left):
        body += _arrow(lane, margin, -1, _INK[(number + 3) % len(_INK)])
    for box in boxes:
        body += _drawn(box, margin)
    title = escape(workflow.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="Noto Sans SC, Noto Sans CJK SC, Source Han Sans SC, sans-serif" role="img">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="{margin}" y="{PAD + 20}" font-size="20" font-weight="bold">{title}</text>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _boxes(workflow: Workflow, moves: Iterable[Move]) -> list[Box]:
    """The boxes from top to bottom, high enough for their words and for the arrows that touch them."""
    touching: dict[str, int] = {}
    for move in moves:
        for name in {*move.sources, move.target}:
            touching[name] = touching.get(name, 0) + 1
    boxes: list[Box] = []
    top = PAD + 44

    def add(name: str, title: str, kind: str, *, said: Iterable[str]) -> None:
        nonlocal top
        lines = tuple(part for line in said for part in _wrapped(line))
        height = max(34 + LINE * len(lines) + 6, 20 + STUB * touching.get(name, 0))
        boxes.append(Box(name=name, title=title, kind=kind, lines=lines, top=top, height=height))
        top += height + GAP

    if any(move.target == FORMER for move in moves):
        add(FORMER, FORMER_ZH, "", said=[])
    for state in workflow.states.values():
        here = staying(workflow, state.name)
        acts = ["可办：" + "、".join(here)] if here else []
        add(state.name, f"{state.zh}（{kind_zh(state.kind)}）", state.kind, said=[*acts, *clocks(workflow, state.name)])
    return boxes


def _wrapped(line: str) -> Iterator[str]:
    """A line in pieces that fit a box; pieces after the first are indented."""
    first = True
    while line:
        room, at = float(COLUMNS if first else COLUMNS - 2), 0
        while at < len(line) and room > 0:
            room -= 1 if ord(line[at]) > 0x2E7F else 0.55
            at += 1
        while at < len(line) and line[at] in "、，；。）」)":
            at += 1
        yield line[:at] if first else "　　" + line[:at]
        line, first = line[at:], False


def _lanes(boxes: list[Box], moves: Iterable[Move], slots: dict[str, int]) -> list[Lane]:
    tops = {box.name: box.top for box in boxes}

    def slot(name: str) -> int:
        slots[name] = slots.get(name, 0) + 1
        return tops[name] + STUB * slots[name]

    lanes = []
    for move in moves:
        ends = tuple(slot(name) for name in move.sources)
        lanes.append(Lane(move=move, ends=ends, arrow=slot(move.target), columns=move.names))
    return lanes


def _written(lanes: Iterable[Lane], boxes: list[Box], slots: dict[str, int]) -> list[Lane]:
    """The lanes with the place of their names, once all arrows have theirs."""
    found = []
    for lane in lanes:
        box = next(each for each in boxes if each.top <= lane.top <= each.top + each.height)
        found.append(replace(lane, writing=max(lane.top + 4, box.top + STUB * slots[box.name] + 2)))
    return found


def _packed(lanes: list[Lane]) -> list[Lane]:
    """Each lane at the smallest distance at which it meets no other; short ones lie nearest to the boxes."""
    placed: list[Lane] = []
    for lane in sorted(lanes, key=lambda each: each.bottom - each.top):
        at, moved = STUB, True
        while moved:
            moved = False
            for other in placed:
                apart = other.bottom + SMALL < lane.top or lane.bottom + SMALL < other.top
                beside = at + lane.width <= other.at or other.at + other.width <= at
                if not apart and not beside:
                    at, moved = other.at + other.width, True
        placed.append(replace(lane, at=at))
    return placed


def _extent(lanes: list[Lane]) -> int:
    return max((lane.at + lane.width for lane in lanes), default=0)


def _arrow(lane: Lane, edge: int, side: int, ink: str) -> Iterator[str]:
    """One arrow on one side of the boxes (1: right, -1: left)."""
    x = edge + side * lane.at
    for y in lane.ends:
        yield f'<path d="M{edge} {y}H{x}" stroke="{ink}" fill="none"/>'
        yield f'<circle cx="{edge}" cy="{y}" r="2.5" fill="{ink}"/>'
    low, high = min(*lane.ends, lane.arrow), max(*lane.ends, lane.arrow)
    yield f'<path d="M{x} {low}V{high}M{x} {lane.arrow}H{edge + side * 7}" stroke="{ink}" fill="none"/>'
    tip = edge + side * 8
    yield f'<path d="M{edge} {lane.arrow}L{tip} {lane.arrow - 4}L{tip} {lane.arrow + 4}Z" fill="{ink}"/>'
    for number, column in enumerate(lane.columns):
        middle = x + side * (10 + PITCH * number)
        spans = "".join(f'<tspan x="{middle}" dy="{SMALL + 1}">{escape(letter)}</tspan>' for letter in _upright(column))
        yield (
            f'<text y="{lane.writing}" font-size="{SMALL}" text-anchor="middle" fill="{ink}" stroke="#ffffff" '
            f'stroke-width="3" paint-order="stroke">{spans}</text>'
        )


def _upright(text: str) -> str:
    """Marks in the forms that are used in writing downwards."""
    return text.translate(str.maketrans("（）()「」", "︵︶︵︶﹁﹂"))


def _drawn(box: Box, left: int) -> Iterator[str]:
    fill = _FILLS[box.kind]
    dashes = "" if box.kind else ' stroke-dasharray="4 3"'
    yield (
        f'<rect x="{left}" y="{box.top}" width="{BOX}" height="{box.height}" rx="6" fill="{fill}" '
        f'stroke="#5b6770"{dashes}/>'
    )
    yield f'<text x="{left + PAD}" y="{box.top + 23}" font-size="16" font-weight="bold">{escape(box.title)}</text>'
    for number, line in enumerate(box.lines):
        y = box.top + 34 + LINE * number + 10
        yield f'<text x="{left + PAD}" y="{y}" font-size="{SMALL}" xml:space="preserve">{escape(line)}</text>'
