"""The guided tour: five steps of a minute, told in the bundle's language, each with a sentence of the bundle's own to try, or any other."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatbot.tui.pages import Page

BLANK = "___"
HANGUL = re.compile(r"[\uac00-\ud7a3]")
LEAST = 3  # words in front of a blank


@dataclass(frozen=True)
class Step:
    """One step: what is told, the page of the panel that shows it, and what can be tried by a click."""

    text: str
    page: "Page"
    offers: tuple[str, ...] = ()  # utterances and commands


@dataclass(frozen=True)
class Frame:
    """A sentence with one blank at its end, and what was held out to fill it."""

    start: str
    fillers: tuple[str, ...]

    @classmethod
    def of(cls, examples: tuple[str, ...]) -> "Frame":
        """The frame that most of the `examples` fill; of those that one fills alone, the longest."""
        frames: dict[str, list[str]] = defaultdict(list)
        for example in examples:
            start, _, last = example.rpartition(" ")
            if len(start.split()) >= LEAST:
                frames[start].append(last)
        if not frames:
            return cls("", ())
        start = max(frames, key=lambda one: (len(frames[one]), len(one)))
        return cls(start, tuple(frames[start]))

    def __str__(self) -> str:
        return f"{self.start} {BLANK}"

    def others(self, sentence: str) -> tuple[str, ...]:
        """The fillers that `sentence` does not end in; none where it is no sentence of this frame, and can end in any word."""
        start, _, last = sentence.casefold().rpartition(" ")
        known = [filler.casefold() for filler in self.fillers]
        return tuple(filler for filler, word in zip(self.fillers, known, strict=True) if word != last) if start == self.start.casefold() else ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The frame filled with each of the fillers."""
        return tuple(f"{self.start} {filler}" for filler in self.fillers)


@dataclass(frozen=True)
class Texts:
    """What is told at each step, in one language. `{frame}` is a sentence with a blank, `{first}` and `{other}` what may fill it."""

    steps: tuple[str, str, str, str, str]
    influence: str  # in place of attention, where the bundle has none
    free: str  # said where the bundle has no frame to offer
    unlearned: str
    following: str
    over: str


ENGLISH = Texts(
    steps=(
        "An early answer. Two networks learned from the same conversations. One, the interrupter, has to say a piece of its reply for every piece that it hears; the "
        "other, the listener, may not say anything before you have finished. Type slowly: “{frame}”, and end with “{first}”. How much had you said when the "
        "interrupter began? It could not take that back, whatever came after.",
        "Its twin. Now the same sentence with another last word: /ending {other}. Up to that word both sentences are one and the same, so the interrupter has to begin "
        "both replies alike. That is no lack of learning: nobody can answer what has not been said yet. Does the listener's reply change?",
        "The ladder. It asks the listener: and if the person had stopped here? Each rung is one word longer. The sign = marks the rungs on which the reply is already "
        "the final one. Look for the word after which nothing changes any more: how late does it come?",
        "Attention. For each piece of its reply the listener looks back over what it has heard. Each row is a piece of the reply, each figure the tenth part of its "
        "attention that a word got. Which word did it look at most when it chose how to begin? Attention shows where it looked, not why it said what it said.",
        "Sampling. So far it has always said the likeliest piece. Take /decoding sample and ask once more with /again, a few times: now it draws, each time with another "
        "seed. Tab goes to the newest turn, and there ← → go through its replies. F6 shows what could have come at each step, and what the settings cut away.",
    ),
    influence="Influence. What does the reply hang on? Each word of your sentence is left out once, and its row tells how likely the same reply would have been then: × 1.00, and "
    "the word does not matter; × 0.05, and hardly anything is left of it. Which word is it, and how late does it come? This shows what would have changed, not how the listener came to its reply.",
    free="any sentence of your own",
    unlearned="I have not learned this; the race is still real: look at who spoke when, not at what was said.",
    following="Take one of these (click, or ↑), or a sentence of your own. Enter on the empty prompt goes on.",
    over="That was the tour. All of it goes for any sentence that you type. /decoding greedy ends the drawing of replies; /help lists what else there is.",
)
KOREAN = Texts(
    steps=(
        "너무 이른 대답. 두 신경망이 똑같은 대화로 배웠습니다. 하나는 끼어드는 쪽(interrupter)으로, 한 조각을 들을 때마다 대답도 한 조각씩 해야 합니다. 다른 하나는 듣는 "
        "쪽(listener)으로, 말이 끝나기 전에는 아무 말도 할 수 없습니다. “{frame}”을 천천히 치고 “{first}”로 끝내 보세요. 끼어드는 쪽이 입을 열었을 때 어디까지 말했나요? "
        "뒤에 무슨 말이 오든 이미 한 말은 거둘 수 없습니다.",
        "쌍둥이. 이번에는 마지막 말만 다른 같은 문장입니다: /ending {other}. 그 말이 나오기 전까지 두 문장은 똑같으니, 끼어드는 쪽은 두 대답을 똑같이 시작할 수밖에 없습니다. "
        "덜 배워서가 아닙니다. 아직 하지 않은 말에는 누구도 대답할 수 없으니까요. 듣는 쪽의 대답은 달라지나요?",
        "사다리. 듣는 쪽에게 묻습니다. 여기서 말을 멈췄다면 뭐라고 했을까? 한 칸에 한 낱말씩 길어집니다. = 는 이미 마지막 대답과 같은 칸입니다. 어느 낱말부터 대답이 "
        "더는 바뀌지 않나요? 우리말은 끝까지 들어 봐야 안다는 말이 맞는지 보세요.",
        "주의(attention). 듣는 쪽은 대답을 한 조각 고를 때마다 들은 말을 되돌아봅니다. 한 줄이 대답의 한 조각이고, 숫자는 그 낱말에 준 주의가 열에 몇인지를 나타냅니다. "
        "첫 조각을 고를 때 어느 낱말을 가장 많이 보았나요? 주의는 어디를 보았는지 알려 줄 뿐, 왜 그렇게 말했는지는 알려 주지 않습니다.",
        "뽑기. 지금까지는 언제나 가장 그럴듯한 조각만 말했습니다. /decoding sample 을 고르고 /again 으로 몇 번 다시 물어보세요. 이제는 그때그때 다른 씨앗(seed)으로 뽑습니다. Tab 으로 "
        "그 대답에 가면 ← → 로 넘겨 볼 수 있습니다. F6 은 자리마다 무엇이 올 수 있었고 설정이 무엇을 잘라 냈는지 보여 줍니다.",
    ),
    influence="영향. 대답은 어느 말에 달려 있을까요? 문장의 낱말을 하나씩 빼 보고, 그때 같은 대답이 나올 가능성이 얼마나 되는지를 한 줄에 하나씩 보여 줍니다. × 1.00 이면 그 낱말은 "
    "있으나 없으나 같고, × 0.05 이면 대답이 거의 사라집니다. 어느 낱말인가요? 얼마나 늦게 나오나요? 무엇이 달라졌을지를 보여 줄 뿐, 어떻게 그런 대답에 이르렀는지는 알려 주지 않습니다.",
    free="아무 문장이나",
    unlearned="이 말은 배운 적이 없습니다. 그래도 경주는 진짜입니다. 무슨 말을 했는지보다 누가 언제 말했는지 보세요.",
    following="아래에서 고르거나(클릭 또는 ↑) 하고 싶은 말을 하세요. 빈 줄에서 Enter 를 누르면 다음으로 갑니다.",
    over="둘러보기를 마쳤습니다. 여기서 본 것은 어떤 문장에나 그대로 통합니다. /decoding greedy 를 고르면 다시 가장 그럴듯한 대답만 합니다. /help 는 그 밖의 명령을 보여 줍니다.",
)


class Tour:
    """A walk through the steps. `examples` are utterances of the bundle that were held out; without attention the fourth step is about influence."""

    def __init__(self, examples: tuple[str, ...], *, attention: bool = True) -> None:
        self.texts = KOREAN if any(map(HANGUL.search, examples)) else ENGLISH
        self._steps = self.texts.steps if attention else (*self.texts.steps[:3], self.texts.influence, self.texts.steps[4])
        self._frame = Frame.of(examples)
        self._place = 0

    def next(self, last: str = "") -> Step | None:
        """The step to take now, after the utterance that was the `last`; None when there is none left."""
        if self._place == len(self._steps):
            return None
        frame, fillers = self._frame, self._frame.fillers
        first, others = (fillers[0] if fillers else BLANK), frame.others(last) if last else fillers
        other = others[-1] if others else "WORD"
        text = self._steps[self._place].format(frame=frame if fillers else self.texts.free, first=first, other=other)
        self._place += 1
        pages: tuple[Page, ...] = ("race", "twins", "ladder", "heeded", "race")
        offers = (frame.sentences, tuple(f"/ending {other}" for other in others), frame.sentences, frame.sentences, ("/decoding sample", "/again"))
        return Step(f"{self._place}/{len(self._steps)}  {text}", pages[self._place - 1], offers[self._place - 1])
