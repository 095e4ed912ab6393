"""`chatbot evaluate`: what a bot is worth, as a table or as JSON."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.cli import options
from chatbot.errors import CorpusError
from chatbot.safe_text import safe_json, safe_line

if TYPE_CHECKING:
    from chatbot.evaluation.metrics import Scores


def evaluate(
    corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS", help="TSV files. Of the corpus that the bundle was trained on, only the test part counts.")],
    model: options.Model = None,
    json_: options.Json = False,
    beam: options.Beam = 0,
    block_ngrams: options.BlockNgrams = 0,
    known_replies: options.KnownReplies = None,
    device: options.Device = "cpu",
) -> None:
    """Score a bot and its interrupters on pairs they have not seen.

    chatbot evaluate corpora/dialog.tsv --model models/dialog
    """
    decoding = options.decoding(False, options.DEFAULT.temperature, options.DEFAULT.top_k, options.DEFAULT.top_p, 0, beam, block_ngrams)
    from chatbot.bot import Bot
    from chatbot.corpus.fingerprint import fingerprint
    from chatbot.corpus.pairs import read_pairs
    from chatbot.corpus.split import split_pairs
    from chatbot.evaluation import metrics

    bundle = options.load_bundle(model, device)
    decoding = options.in_effect(decoding, bundle.details, known_replies, unsure="")
    pairs = [pair for path in corpus for pair in read_pairs(options.corpus_path(path), history=bundle.details.history, alone=True)]
    allowed = metrics.allowed_replies(pairs)
    trained_on_it = fingerprint(pairs) == bundle.details.fingerprint
    for pair in pairs:
        if len(bundle.vocabulary.hear(pair.utterance)) > bundle.details.utterance_limit:
            raise CorpusError(
                f"an utterance of more than {bundle.details.utterance_limit} pieces", place=f"{pair.place}:1", remedy="shorten it, or leave it out"
            )
    if trained_on_it:
        pairs = split_pairs(pairs).test if bundle.details.training.get("held_out", True) else []
        if not pairs:
            raise CorpusError("the bundle was trained on all of it", place=corpus[0], remedy="evaluate it on a file of pairs that it has not seen")
    speakers = {"listener": Bot.of(bundle), **{f"interrupter-{wait}": Bot.of(bundle, wait=wait) for wait in sorted(bundle.interrupters)}}
    found = {name: metrics.evaluate(bot, pairs, allowed, decoding if name == "listener" else None) for name, bot in speakers.items()}
    if json_:
        report = {
            "bundle": str(bundle.path),
            "part": "test" if trained_on_it else "all",
            "decoding": str(decoding),
            "networks": {name: asdict(one) for name, one in found.items()},
        }
        typer.echo(safe_json(report, indent=1))
        return
    part = "the test part, which it was not trained on" if trained_on_it else "all pairs of the file"
    typer.echo(safe_line(f"{bundle.path}, on {part}: {len(pairs):,} pairs, {found['listener'].utterances:,} utterances; {decoding}"))
    typer.echo("\n".join(_table(found)))


def _table(found: "dict[str, Scores]") -> list[str]:
    """A row a figure, a column a network."""
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
