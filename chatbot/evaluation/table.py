"""Scores as lines for a terminal: a row a figure, a column a network."""

from collections.abc import Mapping

from chatbot.evaluation.metrics import Scores
from chatbot.safe_text import safe_line


def table(found: Mapping[str, Scores]) -> list[str]:
    """The lines; `found` begins with the listener."""
    first = found["listener"]
    columns = list(found.values())
    rows = [("", list(found)), ("right: the whole reply is an allowed one", [f"{one.right:.1%}" for one in columns])]
    if first.late:
        late = [one.late for one in columns if one.late]
        rows += [
            (f"late-cue pairs right, of {first.late.pairs}", [f"{one.right:.1%}" for one in late]),
            (f"  of the {first.late.late} that are late by definition", [f"{one.late_right:.1%}" for one in late]),
        ]
    if first.early:
        rows.append((f"pairs right whose first word decides, of {first.early.pairs}", [f"{one.early.right:.1%}" for one in columns if one.early]))
    rows += [
        ("perplexity a piece (its own pieces + 1 a reply)", [f"{one.perplexity.per_piece:.4g}" for one in columns]),
        ("perplexity a word (white-space words + 1 a reply)", [f"{one.perplexity.per_word:.4g}" for one in columns]),
        ("bits a byte (UTF-8 bytes + 1 a reply)", [f"{one.perplexity.bits_per_byte:.4g}" for one in columns]),
        ("BLEU", [f"{one.bleu:.1f}" for one in columns]),
        ("chrF", [f"{one.chrf:.1f}" for one in columns]),
        ("distinct-1, distinct-2", [f"{one.distinct_1:.3f}, {one.distinct_2:.3f}" for one in columns]),
        ("share of the commonest reply", [f"{one.commonest_share:.1%}" for one in columns]),
    ]
    left = max(len(name) for name, _ in rows)
    lines = ["  ".join([name.ljust(left), *(value.rjust(14) for value in values)]).rstrip() for name, values in rows]
    lines += [safe_line(f"commonest reply of the {name}: {one.commonest}", limit=140) for name, one in found.items()]
    lines += [f"BLEU {first.bleu_signature}", f"chrF {first.chrf_signature}"]
    if first.late and len(found) > 1:
        lines.append("Pairs late by definition: the interrupter must differ before it can have heard the cue, so its 0% is a theorem, not a finding.")
    return lines
