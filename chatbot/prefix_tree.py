"""The replies that a bot may give, as a tree of ids: whoever walks it from the root to a leaf has said one of them, word for word."""

from collections.abc import Iterable, Sequence

ROOT = 0


class PrefixTree:
    """Sequences of ids that share their beginnings. A node is a number; from it the ids that may come next lead to others."""

    def __init__(self, sequences: Iterable[Sequence[int]]) -> None:
        """Each sequence ends with an id that no other place holds, such as the end-mark, so that none is the beginning of another."""
        self._next: list[dict[int, int]] = [{}]
        self._sequences = [*sequences]
        self._alone: dict[int, int] = {}
        for sequence in self._sequences:
            self._grow(ROOT, sequence)

    def only(self, place: int) -> int:
        """A root of its own for the sequence in that place: from there nothing else can be said."""
        if place not in self._alone:
            self._alone[place] = len(self._next)
            self._next.append({})
            self._grow(self._alone[place], self._sequences[place])
        return self._alone[place]

    def _grow(self, node: int, sequence: Sequence[int]) -> None:
        for number in sequence:
            node = self._next[node].setdefault(number, len(self._next))
            if node == len(self._next):
                self._next.append({})

    def following(self, node: int) -> Iterable[int]:
        """The ids that may come next; none at a leaf."""
        return self._next[node]

    def rest(self, node: int) -> list[int]:
        """The ids that are still to come, where only one sequence goes on from `node`; none where several do, or where it is at its end."""
        ids = []
        while len(following := self._next[node]) == 1:
            ((number, node),) = following.items()
            ids.append(number)
        return [] if following else ids

    def after(self, node: int, number: int) -> int:
        """The node to which `number` leads. Where nothing does one stays."""
        return self._next[node].get(number, node)
