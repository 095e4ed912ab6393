"""The model card of a bundle: what it is, how it was made, what it is worth."""

import math
from collections.abc import Mapping

from chatbot.bundle import Details


def model_card(name: str, details: Details, *, pieces: int, parameters: Mapping[str, int]) -> str:
    """README.md of a bundle, as Markdown."""
    network, corpus = details.network, details.corpus
    lines = [f"# {name}", "", "A bot for `chatbot`, trained on pairs of utterance and reply.", ""]
    trained_on = ", ".join(corpus["names"]) or "a private corpus"
    rows = [
        ("trained on", f"{trained_on}: {corpus['pairs']:,} pairs, {corpus['utterances']:,} distinct utterances"),
        ("networks", ", ".join(f"{role} {count:,} parameters" for role, count in parameters.items())),
        ("cell", f"{network.layers} x {network.cell.upper()} {network.hidden}, embedding {network.embedding}, attention {network.attention}"),
        ("vocabulary", f"{pieces:,} pieces{', heard in lower case' if details.lowercase else ''}"),
        ("history", f"{details.history} earlier turns" if details.history else "none: each utterance is answered by itself"),
        ("limits", f"{details.utterance_limit} pieces heard, {details.reply_limit} said"),
        ("in doubt", _doubt(details)),
        ("created", details.created),
    ]
    if details.known_replies:
        rows.insert(-2, ("replies", "only such as stand in its corpus, word for word, unless it is told otherwise"))
    lines += ["| | |", "|---|---|", *(f"| {left} | {right} |" for left, right in rows), ""]
    if details.training.get("command"):
        lines += ["Trained by", "", f"    {details.training['command']}", ""]
    if details.scores:
        lines += ["## Scores", "", "On the test part of the corpus, which was not trained on; greedy replies, weights as stored.", ""]
        lines += ["| network | right | perplexity a piece | BLEU | late-cue pairs right |", "|---|---|---|---|---|"]
        for role, scores in details.scores.items():
            late = f"{scores['late_pairs_right']:.1%} of {scores['late_pairs']}" if "late_pairs" in scores else "none in it"
            lines.append(f"| {role} | {scores['right']:.1%} of {scores['utterances']} | {scores['perplexity']:.4g} | {scores['bleu']:.1f} | {late} |")
        lines += ["", "*Right*: the whole reply is one that the corpus allows for the utterance's topic. A late-cue pair is right when both members are.", ""]
    else:
        lines += ["No score: no utterance was held out, or training was stopped.", ""]
    lines += [
        "## What to expect",
        "",
        "It says what it was trained to say, and has no knowledge beyond its corpus. A model of this size memorises: whoever has the bundle can make it repeat",
        "replies of the corpus word for word. Do not train it on what must stay secret.",
        "",
    ]
    return "\n".join(lines)


def _doubt(details: Details) -> str:
    """What it says when it is not sure, and how often that is right."""
    found = details.threshold
    if not details.unsure:
        return "never: it was trained so"
    if not found:
        return "never: too few right replies to find out when" if details.scores else "never: training was stopped, or nothing was held out to find out when"
    least = found["sureness"]
    when = f"where its plan hesitates among more than {math.exp(-least):.0f} replies" if details.network.replies else f"below a log-probability of {least:.2f}"
    if "right" not in found:
        return f"{when}, as in the bundle that it went on from, it says “{details.unsure}”"
    return (
        f"{when} it says “{details.unsure}”: on held-out utterances that leaves"
        f" {found['right']:.0%} of its right replies and {found['wrong']:.0%} of its wrong ones, and of its replies to nonsense {found['nonsense']:.0%}"
    )
