"""The race: who had heard what when it spoke. What really happened; what would have happened is the ladder's."""

from dataclasses import replace
from typing import Literal

from textual.content import Content
from textual.timer import Timer

from chatbot.records import Beat, Race, Reply
from chatbot.tui.picture import NUMBER, Picture, clickable, remarked, sign
from chatbot.tui.sheet import DIM, GAP, INTERRUPTER, LISTENER, bar, columns, painted, painted_line
from chatbot.tui.wording import NO_INTERRUPTER, caption, spoken

ROOMY = 32  # rows of a screen on which a blank line costs nothing
SILENT = "·"

State = Literal["loading", "alone", "idle", "trouble", "live", "replying", "done"]

INVITATIONS = {
    "loading": "loading …",
    "alone": NO_INTERRUPTER,
    "idle": "Type: the interrupter speaks while it hears, the listener waits for Enter.",
}


class RaceView(Picture):
    """One row a word: what was heard, what the interrupter said on it, and the listener's silence until the end."""

    PACE = 0.25  # seconds a piece in a replay
    FADE = 0.8  # seconds that a word which was taken back is still seen

    def __init__(self) -> None:
        super().__init__()
        self.state: State = "loading"
        self.race: Race | None = None
        self.paused = False
        self._trouble = ""
        self._shown: int | None = None  # steps shown of a replay; None when it is over
        self._gone: tuple[Beat, ...] = ()  # words that were just taken back
        self._clock: Timer | None = None

    def show(self, state: State, race: Race | None) -> None:
        """Shows a race, or what there is to say without one. Ends a replay; words that were taken back are seen for a moment."""
        before = self.race.words if self.race and self.state == "live" else ()
        self._stop_clock()
        self.state, self.race = state, race
        if race and state == "live" and race.words == before[: len(race.words)] != before:
            self._gone = before[len(race.words) :]
            self._clock = self.set_timer(self.FADE, self._forget)
        self.redraw()

    def complain(self, trouble: str) -> None:
        """Says why there is no race."""
        self._trouble = trouble
        self.show("trouble", None)

    def replay(self) -> None:
        """Shows the race piece by piece; at once where animations are turned off."""
        self._stop_clock()
        if self.race is not None and self.app.animation_level != "none":
            self._shown = 0
            self._clock = self.set_interval(self.PACE, self._advance)
        self.redraw()

    def pause(self) -> None:
        """Holds a replay, or lets it go on."""
        assert self._clock is not None
        self.paused = not self.paused
        (self._clock.pause if self.paused else self._clock.resume)()
        self.redraw()

    def finish(self) -> None:
        """Ends a replay: the whole race is shown."""
        if self.replaying:
            self._stop_clock()
            self.redraw()

    @property
    def replaying(self) -> bool:
        """Is a replay under way?"""
        return self._shown is not None

    def _advance(self) -> None:
        assert self.race is not None
        assert self._shown is not None
        self._shown += 1
        if self._shown > len(self.race.steps):
            self._stop_clock()
            self.app.refresh_bindings()
        self.redraw()

    def _forget(self) -> None:
        self._gone = ()
        self.redraw()

    def _stop_clock(self) -> None:
        self._shown, self._gone, self.paused = None, (), False
        if self._clock is not None:
            self._clock.stop()
            self._clock = None

    def lines(self, width: int) -> list[Content]:
        """The title, the table, and once the listener has spoken the two replies and a caption made from counts."""
        rows = self.titled("Race", "what each one said, and when", width)
        if self.race is None:
            return rows + remarked(INVITATIONS.get(self.state, self._trouble), width)
        race = replace(self.race, steps=self.race.steps[: self._shown])
        said, widths = spoken(race), _widths(width, self.race)
        rows += columns([sign("#"), *(painted((name, DIM)) for name in ("heard", "interrupter", "listener"))], widths)
        for number, (beat, words) in enumerate(zip(race.words, said, strict=False), 1):
            rows += clickable(columns([self.numbered(number), *_beat(beat.heard, words, INTERRUPTER)], widths), word=number)
        for beat in self._gone:
            rows += [line.stylize("strike") for line in columns([sign("×"), *_beat(beat.heard, beat.said.strip(), DIM)], widths)]
        if self.state == "live":
            return rows + _remark("the listener is still listening: press Enter" if width >= 50 else "listening: press Enter", width)
        if self.state == "replying":
            return rows + _remark("the listener has heard it all and begins", width)
        if self.replaying:
            if said[-1]:
                rows += columns([sign("‖"), painted(("(end)", DIM)), painted_line(said[-1], INTERRUPTER), painted((SILENT, DIM))], widths)
            return rows + _remark("paused: space goes on, esc ends" if self.paused else "the listener is still listening", width)
        gap = [painted("")] if self.screen.size.height >= ROOMY else []
        return rows + self._end(race, said[-1], widths) + gap + _summary(race, width)

    def _end(self, race: Race, afterwards: str, widths: list[int]) -> list[Content]:
        said = painted_line(afterwards, INTERRUPTER) if afterwards else painted(("(done)", DIM))
        reply = painted_line(race.listener.raw if race.listener else "", LISTENER)
        return columns([sign("‖"), painted(("(end)", DIM)), said, painted(("▸ ", LISTENER)) + self.replied(reply)], widths)


def _widths(width: int, race: Race) -> list[int]:
    """The widths of the four columns: as wide as their words, the listener's takes what is left."""
    room = max(12, width - NUMBER - 3 * GAP)
    *early, afterwards = (painted_line(words).cell_length for words in spoken(race))
    heard = max(8, *(painted_line(beat.heard).cell_length for beat in race.words), 0)
    said = max(11, *early, min(afterwards, room // 4))
    heard, said = min(heard, max(8, room * 3 // 10)), min(said, max(11, room * 3 // 10))
    return [NUMBER, heard, said, max(4, room - heard - said)]


def _beat(heard: str, said: str, style: str) -> list[Content]:
    return [painted_line(heard), painted_line(said, style) if said else painted((SILENT, DIM)), painted((SILENT, DIM))]


def _remark(text: str, width: int) -> list[Content]:
    return columns([sign("…"), painted((text, DIM))], [NUMBER, max(4, width - NUMBER - GAP)])


def _summary(race: Race, width: int) -> list[Content]:
    """The two replies whole, each with its p, and the caption."""
    rows = _voice("interrupter", INTERRUPTER, race.interrupter, width)
    if race.listener is not None:
        rows += _voice("listener", LISTENER, race.listener, width)
    return rows + remarked(caption(race), width)


def _voice(name: str, style: str, reply: Reply, width: int) -> list[Content]:
    sure = f"p {reply.probability:.2f} {bar(reply.probability)}" if width >= 50 else f"p {reply.probability:.2f}"
    widths = [11, max(4, width - 2 - 11 - 2 * GAP - len(sure)), len(sure)]
    cells = [painted((name, style)), painted_line(reply.raw), painted((sure, DIM))]
    return [painted("  ") + line for line in columns(cells, widths)]
