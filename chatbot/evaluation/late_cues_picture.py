"""The late-cue report as a picture: an SVG in one ink, for light and dark screens and for paper. Its words are text."""

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from chatbot.evaluation.late_cues import LateCues, Share, Speaker
from chatbot.evaluation.late_cues_table import before
from chatbot.evaluation.markup import node
from chatbot.records import plural
from chatbot.safe_text import safe_line

TITLE = "Right, by the number of words before the one that decides"

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 240, 20, 84, 140
_PANEL, _GAP = 84, 26  # heights: of what a speaker did, and what is free above the next
_ASIDE = 13  # the two marks of a position stand so far to each side of its middle
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1a1a1a } .middle { text-anchor: middle } .end { text-anchor: end }
.title { font-size: 18px; font-weight: 600 } .name { font-weight: 600 } .small { font-size: 11px }
.value { font-size: 11px; text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 3px }
.paper, .hollow { fill: #fff } .mark { stroke: #1a1a1a; stroke-width: 1.5 } .full { fill: #1a1a1a }
.grid { stroke: #c8c8c8 } .hatch { stroke: #9a9a9a; stroke-width: 1.5 } .theorem { fill: url(#hatch) }
@media screen and (prefers-color-scheme: dark) {
text { fill: #ececec } .value { stroke: #17191c } .paper, .hollow { fill: #17191c } .mark { stroke: #ececec } .full { fill: #ececec }
.grid { stroke: #45484d } .hatch { stroke: #6d7177 } }
"""


def picture(report: LateCues, caption: str) -> str:
    """The SVG: a panel a speaker, a column a group of positions; `caption` says what was asked of whom."""
    columns = [("0", plural(report.early, "early pair"))] if report.early else []
    columns += [(before(one).replace("-", "–"), plural(one.pairs, "pair")) for one in report.positions]
    step = (_WIDTH - _LEFT - _RIGHT) / len(columns)
    end = _TOP + len(report.speakers) * (_PANEL + _GAP)
    hatch = node("line", class_="hatch", y2=6)
    root = node(
        "svg",
        node("title", TITLE),
        node("style", _STYLE),
        node("defs", node("pattern", hatch, id="hatch", width=6, height=6, patternUnits="userSpaceOnUse", patternTransform="rotate(45)")),
        node("rect", class_="paper", width="100%", height="100%"),
        node("text", TITLE, class_="title", x=16, y=32),
        node("text", "Per cent of pairs of utterances that are alike up to that word, the cue, and need different replies.", x=16, y=54),
        *(_moved(_LEFT, _TOP + number * (_PANEL + _GAP), _panel(speaker, step)) for number, speaker in enumerate(report.speakers)),
        _moved(_LEFT, end, _axis(columns, step)),
        _moved(16, end + 52, _legend(caption)),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {end + _BOTTOM}",
        role="img",
    )
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _panel(speaker: Speaker, step: float) -> Iterator[Element]:
    """What one speaker did."""
    hears = "hears all, then speaks" if speaker.wait is None else f"speaks once it has heard {plural(speaker.wait, 'piece')}"
    attention = f"attention: {speaker.attention}; " if speaker.attention else ""
    for line, text in enumerate((safe_line(speaker.name, limit=28), hears, f"{attention}lags {speaker.lagging:.1f} pieces")):
        yield node("text", text, class_="small" if line else "name", x=16 - _LEFT, y=_PANEL / 2 - 12 + 18 * line)
    outcomes = [*([speaker.early] if speaker.early else []), *speaker.positions]
    for share in (0, 0.5, 1):
        yield node("line", class_="grid", x2=step * len(outcomes), y1=_height(share), y2=_height(share))
        yield node("text", f"{100 * share:.0f}", class_="end small", x=-8, y=_height(share) + 4)
    for number, outcome in enumerate(outcomes):
        late, middle = outcome.late / outcome.pairs.of, step * (number + 0.5)
        yield node("rect", class_="theorem", x=step * number + 5, width=step - 10, height=_PANEL * late)
        yield from _mark(middle - _ASIDE, outcome.open, 1 - late, "full")
        yield from _mark(middle + _ASIDE, outcome.members, 1, "hollow")


def _mark(x: float, share: Share | None, whole: float, fill: str) -> Iterator[Element]:
    """A share of the part of the pairs that is `whole`, and its interval; 0 where there is none, since all others are lost by law."""
    value, low, high = (share.share * whole, share.low * whole, share.high * whole) if share else (0, 0, 0)
    yield node("line", class_="mark", x1=x, x2=x, y1=_height(high), y2=_height(low))
    yield node("circle", class_=f"mark {fill}", cx=x, cy=_height(value), r=4.5)
    yield node("text", f"{100 * value:.0f}", class_="value", x=x, y=_height(max(high, value)) - 8)


def _axis(columns: list[tuple[str, str]], step: float) -> Iterator[Element]:
    """What the columns are."""
    yield node("text", "words before the cue", class_="end", x=-44)
    for number, (words, pairs) in enumerate(columns):
        yield node("text", words, class_="middle", x=step * (number + 0.5))
        yield node("text", pairs, class_="middle small", x=step * (number + 0.5), y=16)


def _legend(caption: str) -> Iterator[Element]:
    """What the marks mean."""
    for x, fill, text in ((6, "full", "both members of a pair are right"), (248, "hollow", "members, each counted for itself")):
        yield node("circle", class_=f"mark {fill}", cx=x, cy=-4, r=4.5)
        yield node("text", text, x=x + 12)
    yield node("line", class_="mark", x1=496, x2=496, y1=-12, y2=3)
    yield node("text", "interval of 95 % (Wilson 1927)", x=504)
    yield node("rect", class_="theorem", y=13, width=12, height=14)
    yield node("text", "pairs that cannot be right: the reply must differ before the cue is heard. A theorem, not a finding.", x=18, y=24)
    yield node("text", safe_line(caption), class_="small", y=52)


def _height(share: float) -> float:
    return _PANEL * (1 - share)


def _moved(x: float, y: float, drawn: Iterator[Element]) -> Element:
    return node("g", *drawn, transform=f"translate({x:g} {y:g})")
