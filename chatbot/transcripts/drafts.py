"""Drafts of scenes: from a conversation that was held, and from what a corpus holds out."""

from collections.abc import Iterable, Sequence

from chatbot.corpus.folding import fold
from chatbot.records import Decoding
from chatbot.sessions import Session, Told
from chatbot.transcripts.scenes import squeezed

HEAD = "@chat 1\n"


def draft(turns: Sequence[tuple[str, str]], *, title: str = "a conversation", decoding: Decoding | None = None) -> str:
    """A transcript of one scene: the (utterance, reply) `turns` as they were said. A turn without a reply expects any."""
    lines = [f"@decode {spelled(decoding)}", f"@seed {decoding.seed}"] if decoding and decoding.strategy != "greedy" else []
    for utterance, reply in turns:
        said = squeezed(reply)
        lines += [f"> {fold(utterance)}", f"< {said}" if said else "<?"]
    return f"{HEAD}\n{scene(title, lines)}"


def draft_of_session(session: Session, numbers: Iterable[int], *, title: str = "a conversation") -> str:
    """`draft` of those turns of a session.

    A scene has one decoding, and is played with what else the bundle says of it: where they had several, what was not greedy expects any reply; so does
    what no scene can ask for.
    """
    told = [session.turns[number - 1] for number in numbers]
    decodings = {one.decoding for one in told}
    decoding = decodings.pop() if len(decodings) == 1 else Decoding()

    def expected(one: Told) -> str:
        chosen, own = one.decoding, session.own or one.decoding
        as_played = chosen.strategy in ("greedy", decoding.strategy) and not chosen.block_ngrams
        return one.reply.text if as_played and (chosen.known_replies, chosen.unsure) == (own.known_replies, own.unsure) else ""

    return draft([(one.utterance, expected(one)) for one in told], title=title, decoding=decoding)


def scene(title: str, lines: Iterable[str]) -> str:
    """A scene of these lines."""
    return "".join(f"{line}\n" for line in (f"== {squeezed(title)}", *lines))


def spelled(decoding: Decoding) -> str:
    """`decoding` as `@decode` has it."""
    match decoding.strategy:
        case "sample":
            cut = f" k={decoding.top_k}" if decoding.top_k else ""
            return f"sample t={decoding.temperature:g} p={decoding.top_p:g}{cut}"
        case "beam":
            return f"beam {decoding.width}"
        case _:
            return "greedy"
