"""`chatbot reply`: answers on stdout."""

import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from chatbot.cli import options
from chatbot.errors import PromptError
from chatbot.safe_text import safe_json, safe_line, safe_text


def reply(
    text: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="What to answer. Without it, each line of stdin is answered.")] = None,
    model: options.Model = None,
    json_: options.Json = False,
    sample: options.Sample = False,
    temperature: options.Temperature = options.DEFAULT.temperature,
    top_k: options.TopK = options.DEFAULT.top_k,
    top_p: options.TopP = options.DEFAULT.top_p,
    seed: options.Seed = 0,
    beam: options.Beam = 0,
    block_ngrams: options.BlockNgrams = 0,
    known_replies: options.KnownReplies = None,
    unsure: options.Unsure = None,
    device: options.Device = "cpu",
) -> None:
    """Answer, one line for each utterance.

    chatbot reply "hello"\n
    printf 'hello\\nhow are you\\n' | chatbot reply --json
    """
    decoding = options.decoding(sample, temperature, top_k, top_p, seed, beam, block_ngrams)
    from chatbot.bot import Bot

    bundle = options.load_bundle(model, device)
    decoding = options.in_effect(decoding, bundle.details, known_replies, unsure)
    bot = Bot.of(bundle)
    utterances: Iterable[str] = [" ".join(text)] if text else (line.rstrip("\r\n") for line in sys.stdin)
    history: list[tuple[str, str]] = []
    for number, utterance in enumerate(utterances, 1):
        if not text and not utterance.strip():
            history.clear()  # as in a corpus, a blank line ends a conversation
            typer.echo("" if not json_ else safe_json(None))
            continue
        try:
            answer = bot.reply(utterance, decoding, history)
        except PromptError as error:
            raise PromptError(error.what, place=None if text else f"stdin:{number}:1", remedy=error.remedy) from None
        history = [*history, (utterance, answer.text)][-bot.history :] if bot.history else []
        if json_:
            said = {"text": answer.text, "log_probability": answer.log_probability, "pieces": answer.pieces, "milliseconds": round(answer.milliseconds, 3)}
            typer.echo(safe_json(said | {"unsure": answer.unsure, "raw": answer.raw}))
        else:
            typer.echo(safe_text(answer.text) if text else safe_line(answer.text))
        sys.stdout.flush()
