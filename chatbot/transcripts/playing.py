"""Scenes played with a bot.

The reference is one thread of fp32 on a CPU, one utterance at a time. What is independent is answered together; a greedy reply that hung by so little
that this might have tipped it is asked for again, alone.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from chatbot.bot import Bot, History
from chatbot.bundle import Bundle, read_json
from chatbot.errors import PromptError
from chatbot.records import Decoding, Reply, shared
from chatbot.transcripts.classes import Classes
from chatbot.transcripts.judging import Broken, Verdict, judged
from chatbot.transcripts.margins import Trace, traced
from chatbot.transcripts.scenes import Line, Rival, Scene, Transcript, Turn, squeezed
from chatbot.vocabulary import EOS

FRAGILE = 0.05  # nats
TIPPED = 0.001  # nats: rounding moves log-probabilities by a hundredth of this

Status = Literal["passed", "failed", "xfailed", "xpassed"]


@dataclass(frozen=True)
class Answer:
    """What was said in a turn, and what the turn makes of it."""

    turn: Turn
    reply: Reply
    verdict: Verdict
    lead: float = math.inf  # nats by which a reply that is written out was said rather than one that is not allowed
    nearest: tuple[Line, float] | None = None  # where none was said: the one that was least behind, in nats, where they part

    @property
    def fragile(self) -> bool:
        """Whether it holds by so little that the next training may turn it."""
        return self.verdict.holds and self.lead < FRAGILE


@dataclass(frozen=True)
class Trial:
    """A scene played once."""

    seed: int
    answers: tuple[Answer, ...]

    @property
    def holds(self) -> bool:
        """Whether all of its turns are satisfied."""
        return all(answer.verdict.holds for answer in self.answers)


@dataclass(frozen=True)
class Outcome:
    """What came of a scene."""

    scene: Scene
    trials: tuple[Trial, ...]
    rivals: tuple[Broken, ...] = ()  # those of its `rnn!` and `rnn=` that do not hold

    @property
    def held(self) -> int:
        """In how many trials it held."""
        return sum(trial.holds for trial in self.trials)

    @property
    def status(self) -> Status:
        """What is reported of it."""
        held = self.held >= self.scene.settings.passing * len(self.trials) - 1e-9 and not self.rivals
        if self.scene.xfail is None:
            return "passed" if held else "failed"
        return "xpassed" if held else "xfailed"

    @property
    def fine(self) -> bool:
        """Whether it is as it was expected to be."""
        return self.status in ("passed", "xfailed")

    @property
    def fragile(self) -> tuple[Answer, ...]:
        """The answers that hold by little, of a scene that passed."""
        return tuple(answer for trial in self.trials for answer in trial.answers if answer.fragile) if self.status == "passed" else ()


@dataclass(frozen=True)
class Cast:
    """Who plays: a bot, the interrupter of its bundle if that has one, and how it decodes unless it is told otherwise."""

    name: str
    bot: Bot
    interrupter: Bot | None = None
    known_replies: bool = False
    unsure: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)  # of the bundle's files

    @classmethod
    def of(cls, bundle: Bundle) -> "Cast":
        """The bots of `bundle`."""
        interrupter = Bot.of(bundle, wait=min(bundle.interrupters)) if bundle.interrupters else None
        hashes = {role: file["sha256"][:12] for role, file in read_json(bundle.path)["files"].items()}
        return cls(bundle.name, Bot.of(bundle), interrupter, bundle.details.known_replies, bundle.details.unsure, hashes)

    def play(self, transcript: Transcript, scenes: Sequence[Scene] | None = None) -> list[Outcome]:
        """What comes of the `scenes`, by default all, of a transcript. Raises TranscriptError for what cannot be played."""
        scenes = transcript.scenes if scenes is None else scenes
        classes = Classes.beside(transcript.path)
        takes = [(scene, scene.settings.trial(number)) for scene in scenes for number in range(scene.settings.trials)]
        trials = iter(self._act(self.bot, takes, classes))
        played = {scene.name: tuple(next(trials) for _ in range(scene.settings.trials)) for scene in scenes}
        broken = self._rivals(transcript, scenes, classes)
        return [Outcome(scene, played[scene.name], broken.get(scene.name, ())) for scene in scenes]

    def _act(self, bot: Bot, takes: Sequence[tuple[Scene, Decoding]], classes: Classes) -> list[Trial]:
        """Plays scenes side by side, a turn of all of them at a time."""
        answers: list[list[Answer]] = [[] for _ in takes]
        histories: list[list[tuple[str, str]]] = [[] for _ in takes]
        for number in range(max((len(scene.turns) for scene, _ in takes), default=0)):
            together: dict[Decoding, list[int]] = {}
            for place, (scene, decoding) in enumerate(takes):
                if number < len(scene.turns):
                    together.setdefault(decoding, []).append(place)
            for decoding, places in together.items():
                turns = [takes[place][0].turns[number] for place in places]
                decoding = replace(decoding, known_replies=self.known_replies, unsure=self.unsure)
                for place, answer in zip(places, _asked(bot, turns, decoding, [histories[place] for place in places], classes), strict=True):
                    scripted = takes[place][0].settings.scripted and answer.turn.exact
                    histories[place].append((answer.turn.said.text, scripted[0].text if scripted else answer.reply.text))
                    answers[place].append(answer)
        return [Trial(decoding.seed, tuple(those)) for (_, decoding), those in zip(takes, answers, strict=True)]

    def _rivals(self, transcript: Transcript, scenes: Iterable[Scene], classes: Classes) -> dict[str, tuple[Broken, ...]]:
        """For each scene those of its lines about the interrupter that do not hold."""
        rivals = [(scene, rival) for scene in scenes for rival in scene.rivals]
        if not rivals:
            return {}
        if self.interrupter is None:
            raise rivals[0][1].line.error(f"no interrupter in {self.name}", "train one, or delete the line")
        needed = {one.name: one for scene, rival in rivals for one in (scene, transcript.scene(rival.other))}
        takes = [(scene, replace(scene.settings.decoding, strategy="greedy")) for scene in needed.values()]
        trials = dict(zip(needed, self._act(self.interrupter, takes, classes), strict=True))
        broken: dict[str, tuple[Broken, ...]] = {}
        for scene, rival in rivals:
            if rival.pieces is None:
                _check_law(self.interrupter, rival, scene, needed[rival.other])
            if why := _why_not(rival, trials[scene.name], trials[rival.other]):
                broken[scene.name] = (*broken.get(scene.name, ()), Broken(rival.line, why))
        return broken


def _asked(bot: Bot, turns: Sequence[Turn], decoding: Decoding, histories: Sequence[History], classes: Classes) -> list[Answer]:
    """The answers to some turns."""
    heard = []
    for turn, history in zip(turns, histories, strict=True):
        try:
            heard.append(bot.hear(turn.said.text, history))
        except PromptError as error:
            raise turn.said.error(error.what, error.remedy or "") from None
    replies = bot.replies([turn.said.text for turn in turns], decoding, histories)
    if decoding.strategy != "greedy":
        return [Answer(turn, reply, judged(turn, reply.text, classes)) for turn, reply in zip(turns, replies, strict=True)]
    wanted = [_wanted(bot, turn, reply) for turn, reply in zip(turns, replies, strict=True)]
    traces = traced(bot, heard, wanted, decoding)
    doubt = bot.threshold if decoding.unsure else -math.inf
    answers = [_answer(turn, reply, trace, reply.sureness - doubt, classes) for turn, reply, trace in zip(turns, replies, traces, strict=True)]
    for place, trace in enumerate(traces if len(turns) > 1 else ()):
        if trace.closest < TIPPED:
            answers[place] = _asked(bot, [turns[place]], decoding, [histories[place]], classes)[0]
    return answers


def _wanted(bot: Bot, turn: Turn, reply: Reply) -> list[list[int]]:
    """The path of each reply that is written out: of the one that was said that by which it was, though the vocabulary may spell it otherwise."""
    said, path = squeezed(reply.raw), [*reply.ids, *[EOS] * reply.finished]
    paths = [path if squeezed(line.text) == said else [*bot.vocabulary.encode(line.text), EOS] for line in turn.exact]
    if not bot.planned or not reply.plan:
        return paths
    own = len(bot.planned)  # the plan of all replies that do not repeat
    numbers = [reply.plan.number if squeezed(line.text) == said else bot.planned.get(line.text, own) for line in turn.exact]
    return [[number, *path] for number, path in zip(numbers, paths, strict=True)]


def _answer(turn: Turn, reply: Reply, trace: Trace, sure: float, classes: Classes) -> Answer:
    """A greedy reply judged and measured; it was so many nats from being doubted."""
    verdict = judged(turn, reply.text, classes)
    lead, nearest = math.inf, None
    if verdict.met and verdict.met.sign == "<":
        lead = -sure if reply.unsure else min(trace.lead, sure)
    elif not verdict.met and turn.exact:
        line, distance = min(zip(turn.exact, trace.behind, strict=True), key=lambda pair: pair[1])
        nearest = (line, distance or abs(sure))  # at no distance it was what the network said, and the bot doubted it
        missed, *others = verdict.broken
        verdict = replace(verdict, broken=(replace(missed, line=nearest[0]), *others))
    return Answer(turn, reply, verdict, lead, nearest)


def _check_law(interrupter: Bot, rival: Rival, scene: Scene, other: Scene) -> None:
    """Raises TranscriptError unless the interrupter cannot satisfy both scenes, whatever it has learned.

    Utterances that share their first p pieces get the same first p - k + 1 reply pieces with wait k. So all that the one scene allows must part from
    all that the other allows within these. What was said earlier must be the same if it is heard.
    """
    one, two = scene.turns[-1], other.turns[-1]
    if open_ := next((line for turn in (one, two) for line in turn.one_of if line.sign != "<"), None):
        raise rival.line.error(f"`rnn!`, and line {open_.number} allows more replies than can be listed", "use only `<` where both scenes end")
    if not one.exact or not two.exact:
        raise rival.line.error("`rnn!`, and no reply is written out", "add lines that begin with `< ` where both scenes end")
    if interrupter.history and _earlier(scene) != _earlier(other):
        raise rival.line.error("`rnn!`, and the two scenes differ before their last turns", "let them differ there only")
    if both := {squeezed(line.text) for line in one.exact} & {squeezed(line.text) for line in two.exact}:
        raise rival.line.error(f"`rnn!`, and both scenes allow “{min(both)}”", "take it out of one of them")
    encode = interrupter.vocabulary.encode
    alike, a, b = max((shared(encode(a.text), encode(b.text)), a.text, b.text) for a in one.exact for b in two.exact)
    heard = shared(*(interrupter.vocabulary.hear(turn.said.text) for turn in (one, two)))
    certain = heard - getattr(interrupter.network, "wait", 1) + 1
    if alike >= certain:
        what = f"`rnn!` would not be certain: “{a}” and “{b}” part at piece {alike + 1}, and only its first {max(0, certain)} pieces must be the same in both"
        raise rival.line.error(what, "let the replies part sooner, or the utterances later")


def _earlier(scene: Scene) -> list[tuple[str, str]]:
    """What decides the history of the last turn."""
    return [(turn.said.text, turn.exact[0].text if scene.settings.scripted else "") for turn in scene.turns[:-1]]


def _why_not(rival: Rival, trial: Trial, other: Trial) -> str:
    """Why a line about the interrupter does not hold; "" if it does."""
    if rival.pieces is None:
        return "the interrupter satisfies both scenes" if trial.holds and other.holds else ""
    said, beside = (one.answers[-1].reply.ids[: rival.pieces] for one in (trial, other))
    return "" if said == beside else f"the interrupter's replies part at piece {shared(said, beside) + 1}"
