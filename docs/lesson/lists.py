"""Writes shopping lists to be said again, word for word: the longer one is, the more there is to keep in mind, and nothing else makes it harder.

python docs/lesson/lists.py

Into lists/: train.tsv, valid.tsv and test.tsv, as many lists of each length. No list stands in two of them, and none holds a thing twice. They are the same everywhere.
"""

import random
from pathlib import Path

THINGS = [
    "apples", "beans", "bread", "butter", "carrots", "cheese", "coffee", "eggs", "fish", "flour", "garlic", "honey", "jam", "leeks",
    "lemons", "milk", "mint", "nuts", "oats", "oil", "olives", "onions", "peas", "plums", "rice", "salt", "soap", "tea",
]  # fmt: skip
LENGTHS = range(2, 11)
PARTS = {"train": 500, "valid": 20, "test": 50}  # lists of each length


def lists(length: int, count: int) -> list[str]:
    """`count` different lists of that length."""
    draw = random.Random(length)
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(" ".join(draw.sample(THINGS, length)))
    return list(found)


def write(folder: Path) -> None:
    """Writes the three files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {length: iter(lists(length, sum(PARTS.values()))) for length in LENGTHS}
    for part, count in PARTS.items():
        said = [next(drawn[length]) for _ in range(count) for length in LENGTHS]
        (folder / f"{part}.tsv").write_text("".join(f"{text}\t{text}\n" for text in said), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path("lists"))
