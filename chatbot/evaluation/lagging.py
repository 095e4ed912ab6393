"""Average lagging: how far who speaks is behind who is heard, in pieces."""

from collections.abc import Sequence


def average_lagging(heard: Sequence[int], source: int) -> float:
    """AL of a reply before whose piece t `heard[t]` of the `source` pieces of the utterance had been heard (Ma et al. 2019, section 4).

    Whoever hears piece by piece and speaks at the same pace is k behind, whoever hears all first is behind by all. Only pieces up to the
    first that was said with all heard count; a reply that ends before counts whole. End-marks do not count.
    """
    pace = len(heard) / source  # pieces of the reply for one of the utterance
    last = next((step for step, number in enumerate(heard) if number >= source), len(heard) - 1)
    return sum(number - step / pace for step, number in enumerate(heard[: last + 1])) / (last + 1)
