"""The curves of a report as PNG files, drawn by matplotlib."""

from pathlib import Path
from typing import Any

from chatbot.errors import OptionError
from chatbot.evaluation.report import LISTENER, Report


def plot(report: Report, folder: Path) -> list[Path]:
    """Draws right.png, reliability.png and, where the bundle has a log, learning.png in `folder`. Raises OptionError when that cannot be done."""
    figures, drawn = ready(folder), []
    try:
        for name, draw in _DRAWN.items():
            figure = figures(figsize=(6.4, 4), layout="constrained")
            if draw(report, figure.subplots()):
                figure.savefig(folder / f"{name}.png", dpi=150)
                drawn.append(folder / f"{name}.png")
    except OSError as error:
        raise _unwritable(folder, error) from None
    return drawn


def ready(folder: Path) -> Any:
    """matplotlib's Figure, and `folder` made. Raises OptionError when there is no drawing there: better before all is asked than after."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise OptionError("--plots needs matplotlib, which is not installed", remedy="install it with `pip install 'chatbot[evaluate]'`") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return Figure


def _unwritable(folder: Path, error: OSError) -> OptionError:
    return OptionError(f"--plots {folder} cannot be written to: {error.strerror}", remedy="name another folder")


def _right(report: Report, axes: Any) -> bool:
    """The share of right replies of each system."""
    systems = {**report.networks, **report.baselines}
    for place, (name, one) in enumerate(systems.items()):
        low, high = one.intervals["right"]
        axes.errorbar(one.right, place, xerr=[[max(0, one.right - low)], [max(0, high - one.right)]], fmt="o", capsize=4, label=name)
    axes.set(xlim=(0, 1), yticks=range(len(systems)), yticklabels=list(systems), xlabel="share of right replies, with 95 % intervals")
    axes.invert_yaxis()
    return True


def _reliability(report: Report, axes: Any) -> bool:
    """How often the listener is right by how sure it is."""
    bins = report.reliability[LISTENER].bins
    errors = [[one.right - one.interval[0] for one in bins], [one.interval[1] - one.right for one in bins]]
    axes.plot([0, 1], [0, 1], "--", color="grey")
    axes.errorbar([one.probability for one in bins], [one.right for one in bins], yerr=errors, fmt="o", capsize=4)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="probability of the reply", ylabel="share that is right")
    return True


def _learning(report: Report, axes: Any) -> bool:
    """Perplexity on what was held out, by epoch."""
    for name in dict.fromkeys(one.network for one in report.curve):
        points = [one for one in report.curve if one.network == name]
        axes.plot([one.epoch for one in points], [one.perplexity for one in points], marker=".", label=name)
    axes.set(yscale="log", xlabel="epoch", ylabel="perplexity a piece, held out")
    for formatted in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        formatted("{x:.3g}")
    if report.curve:
        axes.legend()
    return bool(report.curve)


_DRAWN = {"right": _right, "reliability": _reliability, "learning": _learning}
