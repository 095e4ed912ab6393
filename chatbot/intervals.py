"""How sure a share is that was seen in a few cases."""

import math

Z = 1.96  # of a 95 % interval


def wilson(held: float, of: int) -> tuple[float, float]:
    """The interval of 95 % in which the share lies of which `held` of so many were drawn (Wilson 1927). Halves may be held."""
    share, shrunk = held / of, 1 + Z * Z / of
    middle = (share + Z * Z / (2 * of)) / shrunk
    half = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / shrunk
    return max(0.0, middle - half), min(1.0, middle + half)
