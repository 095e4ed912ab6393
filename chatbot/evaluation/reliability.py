"""Whether a bot is as often right as it is sure: the probability of its whole reply against whether that was right."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatbot.evaluation.tally import Answers
from chatbot.intervals import wilson

BINS = 10


@dataclass(frozen=True)
class Bin:
    """The replies whose probability lies between two tenths."""

    low: float
    high: float
    replies: int
    probability: float  # on average
    right: float  # the share of them
    interval: tuple[float, float]  # of 95 % (Wilson 1927)


@dataclass(frozen=True)
class Reliability:
    """The bins that hold replies, and two figures of them all."""

    error: float  # how far probability and share are apart, on average (expected calibration error, Naeini et al. 2015)
    parted: float  # how often a right reply is surer than a wrong one (area under the ROC curve); NaN where all are right, or all wrong
    bins: tuple[Bin, ...]


def reliability(answers: Answers) -> Reliability:
    """How reliable the probabilities of these replies are.

    It is the probability of saying just that: where several replies are right, even a perfect bot shares it out among them and is right more often.
    """
    sure = [math.exp(min(0.0, reply.log_probability)) for reply in answers.replies]
    bins = []
    for number in range(BINS):
        inside = [(p, right) for p, right in zip(sure, answers.right, strict=True) if min(BINS - 1, int(p * BINS)) == number]
        if inside:
            right = sum(is_it for _, is_it in inside)
            bins.append(
                Bin(number / BINS, (number + 1) / BINS, len(inside), sum(p for p, _ in inside) / len(inside), right / len(inside), wilson(right, len(inside)))
            )
    error = sum(one.replies * abs(one.right - one.probability) for one in bins) / len(sure)
    return Reliability(error, _parted(np.array(sure), np.array(answers.right)), tuple(bins))


def _parted(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """How often one of the `right` is surer than one of the others; as sure counts half."""
    others = np.sort(sure[~right])
    below = (np.searchsorted(others, sure[right], side) for side in ("left", "right"))
    return float(np.mean(list(below)) / len(others)) if 0 < len(others) < len(sure) else math.nan
