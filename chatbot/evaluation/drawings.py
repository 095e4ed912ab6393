"""Pictures of a report as SVG, to stand inside of a page that gives them their colours (page.css)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from rich.cells import cell_len

from chatbot.evaluation.markup import node
from chatbot.evaluation.reliability import Bin
from chatbot.records import Attention, CurvePoint, Influence

WIDTH, HEIGHT = 560, 260
CELL = 24  # of attention
LETTER = 7  # the width of a cell of text
TICKS = (1, 1.1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)  # perplexities; others stand at the edges


@dataclass(frozen=True)
class Plot:
    """The inner rectangle of a picture, and where values lie in it."""

    left: float
    top: float
    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        """How far to the right."""
        low, high = self.x_range
        return self.left + self.width * (value - low) / ((high - low) or 1)

    def y(self, value: float) -> float:
        """How far down."""
        low, high = self.y_range
        return self.top + self.height * (1 - (value - low) / ((high - low) or 1))

    def level(self, value: float, label: str) -> list[Element]:
        """A line across at `value`, and what it is called."""
        y = self.y(value)
        return [
            node("line", class_="grid", x1=self.left, x2=self.left + self.width, y1=y, y2=y),
            node("text", label, class_="end", x=self.left - 8, y=y + 4),
        ]

    def upright(self, value: float, label: str) -> list[Element]:
        """A line down at `value`, and what it is called."""
        x, end = self.x(value), self.top + self.height
        return [node("line", class_="grid", x1=x, x2=x, y1=self.top, y2=end), node("text", label, class_="middle", x=x, y=end + 18)]


def whiskers(rows: Mapping[str, tuple[float, float, float]]) -> Element:
    """Shares by name with the two ends of their intervals, a line each."""
    plot = Plot(130, 10, WIDTH - 190, 30 * len(rows), (0, 1), (len(rows), 0))
    drawn = [part for tenth in range(0, 11, 2) for part in plot.upright(tenth / 10, f"{10 * tenth}%")]
    for number, (name, (value, low, high)) in enumerate(rows.items()):
        y = plot.y(number + 0.5)
        drawn += [
            node("text", name, class_="end", x=plot.left - 10, y=y + 4),
            node("line", class_="mark", x1=plot.x(low), x2=plot.x(high), y1=y, y2=y),
            node("circle", class_="dot", cx=plot.x(value), cy=y, r=5),
            node("text", f"{value:.1%}", x=plot.left + plot.width + 12, y=y + 4),
        ]
    return _svg(plot.top + plot.height + 26, "The share of right replies, and where it lies in 95 of 100 draws", drawn)


def curves(validations: Sequence[CurvePoint]) -> Element:
    """Perplexity on what was held out, by epoch, a curve a network; the scale is logarithmic."""
    epochs, heights = [one.epoch for one in validations], [math.log(one.perplexity) for one in validations]
    plot = Plot(60, 14, WIDTH - 200, HEIGHT - 60, (min(epochs), max(epochs)), (min(heights), max(heights)))
    ticks = [tick for tick in TICKS if plot.y_range[0] <= math.log(tick) <= plot.y_range[1]] or [math.exp(end) for end in plot.y_range]
    drawn = [part for tick in ticks for part in plot.level(math.log(tick), f"{tick:.4g}")]
    drawn += [part for end in sorted(set(plot.x_range)) for part in plot.upright(end, f"{end:g}")]
    drawn.append(node("text", "epoch", class_="middle", x=plot.left + plot.width / 2, y=plot.top + plot.height + 18))
    for number, name in enumerate(dict.fromkeys(one.network for one in validations)):
        points = [(plot.x(one.epoch), plot.y(math.log(one.perplexity))) for one in validations if one.network == name]
        (x, y), style = points[-1], f"line line-{number % 4}"
        drawn.append(node("polyline", class_=style, points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points)))
        drawn.append(node("circle", class_=style, cx=x, cy=y, r=3))  # of a single epoch that is all
        drawn.append(node("text", name, x=x + 8, y=y + 4))
    return _svg(HEIGHT, "Perplexity on what was held out, by epoch", drawn)


def diagonal(bins: Sequence[Bin]) -> Element:
    """The share that is right by how probable the replies were; on the diagonal both are the same. A dot is the larger the more replies it stands for."""
    plot = Plot(60, 14, HEIGHT - 60, HEIGHT - 60, (0, 1), (0, 1))
    drawn = [part for fifth in range(6) for part in (*plot.level(fifth / 5, f"{20 * fifth}%"), *plot.upright(fifth / 5, f"{fifth / 5:g}"))]
    drawn.append(node("line", class_="ideal", x1=plot.x(0), x2=plot.x(1), y1=plot.y(0), y2=plot.y(1)))
    most = max(one.replies for one in bins)
    for one in bins:
        x, (low, high) = plot.x(one.probability), one.interval
        drawn.append(node("line", class_="mark", x1=x, x2=x, y1=plot.y(low), y2=plot.y(high)))
        drawn.append(node("circle", class_="dot", cx=x, cy=plot.y(one.right), r=3 + 5 * math.sqrt(one.replies / most)))
    return _svg(HEIGHT, "The share that is right, by the probability of the reply", drawn, width=HEIGHT + 20)


def looked(attention: Attention) -> Element:
    """A row a piece of the reply, a column a heard word, the darker the more that piece looked at that word."""
    pieces, words = [piece.strip() or "␣" for piece in attention.said], attention.heard_words
    left, top = 16 + LETTER * max(map(cell_len, pieces)), 10 + LETTER * max(map(cell_len, words))
    drawn = [node("text", word, transform=f"translate({left + CELL * (column + 0.65):g} {top - 6}) rotate(-90)") for column, word in enumerate(words)]
    for row, (piece, weights) in enumerate(zip(pieces, attention.by_word, strict=True)):
        y = top + CELL * row
        drawn.append(node("text", piece, class_="end", x=left - 8, y=y + CELL / 2 + 4))
        for column, weight in enumerate(weights):
            drawn.append(node("rect", class_="cell", x=left + CELL * column, y=y, width=CELL - 2, height=CELL - 2, fill_opacity=round(min(1.0, weight), 3)))
    return _svg(top + CELL * len(pieces) + 4, "Which heard word each piece of the reply looked at", drawn, width=left + CELL * len(words) + 20)


def fell(influence: Influence) -> Element:
    """A bar a heard word: by how much the log-probability of the reply falls without it."""
    most = max([abs(fall) for fall in influence.falls], default=0) or 1
    left = 16 + LETTER * max(map(cell_len, influence.heard_words), default=0)
    drawn = []
    for row, (word, fall) in enumerate(zip(influence.heard_words, influence.falls, strict=True)):
        drawn.append(node("text", word, class_="end", x=left - 8, y=CELL * row + CELL / 2 + 4))
        drawn.append(node("rect", class_="cell", x=left, y=CELL * row, width=max(1.0, 240 * max(0.0, fall) / most), height=CELL - 2))
    return _svg(CELL * len(influence.falls), "How much less likely the reply is without a word", drawn, width=left + 260)


def _svg(height: float, title: str, drawn: Sequence[Element], *, width: float = WIDTH) -> Element:
    return node("svg", node("title", title), *drawn, viewBox=f"0 0 {width:g} {height:g}", width=width, height=height, role="img")
