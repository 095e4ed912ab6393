"""`*.chat` files as tests of pytest: a scene is a test, played as `chatbot test` plays it.

    pytest tests/ --chatbot-model models/faq

Nothing of the program is imported before the first transcript is found, and the bundle is loaded by the first scene.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from chatbot.transcripts.playing import Cast, Outcome
    from chatbot.transcripts.scenes import Scene, Transcript

_CAST = pytest.StashKey["Cast"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--chatbot-model`, and `chatbot_model` of the configuration file."""
    told = "the bundle that .chat files are played with (default: the newest under ./models, else the one that ships)"
    parser.getgroup("chatbot").addoption("--chatbot-model", metavar="NAME|PATH", help=told)
    parser.addini("chatbot_model", told)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ChatFile | None":
    """Collects the transcripts."""
    return ChatFile.from_parent(parent, path=file_path) if file_path.suffix == ".chat" else None


class ChatFile(pytest.File):
    """A transcript."""

    transcript: "Transcript"

    def collect(self) -> Iterator["ChatScene"]:
        """Yields its scenes."""
        from chatbot.errors import ChatbotError
        from chatbot.safe_text import safe_line
        from chatbot.transcripts.parse import read

        try:
            self.transcript = read(self.path)
        except ChatbotError as error:
            raise self.CollectError(str(error)) from None
        for scene in self.transcript.scenes:
            yield ChatScene.from_parent(self, name=safe_line(scene.name), scene=scene)

    @cached_property
    def outcomes(self) -> "dict[str, Outcome]":
        """What comes of those of its scenes that are to be played, by title: together they take a tenth of the time. Empty if one cannot be played."""
        from chatbot.errors import ChatbotError

        scenes = [item.scene for item in self.session.items if isinstance(item, ChatScene) and item.parent is self]
        try:
            return {outcome.scene.name: outcome for outcome in self.play(scenes)}
        except ChatbotError:
            return {}

    def play(self, scenes: "Sequence[Scene]") -> "list[Outcome]":
        """What comes of these scenes."""
        return _cast(self.config).play(self.transcript, scenes)


class ChatScene(pytest.Item):
    """A scene of a transcript."""

    parent: ChatFile

    def __init__(self, *, scene: "Scene", **named: Any) -> None:
        super().__init__(**named)
        self.scene = scene

    def runtest(self) -> None:
        """Plays it."""
        from chatbot.safe_text import safe_line

        outcome = self.parent.outcomes.get(self.scene.name) or self.parent.play([self.scene])[0]
        if outcome.status == "xfailed":
            pytest.xfail(safe_line(self.scene.xfail or ""))
        if not outcome.fine:
            raise NotFineError(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The line that failed, and the conversation up to it."""
        from chatbot.errors import ChatbotError
        from chatbot.safe_text import safe_line

        if isinstance(excinfo.value, ChatbotError):
            return str(excinfo.value)
        if isinstance(excinfo.value, NotFineError):
            return "\n".join(map(safe_line, excinfo.value.lines()))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self.scene.title.number - 1, self.name


class NotFineError(Exception):
    """A scene that did not come out as it should."""

    def __init__(self, outcome: "Outcome") -> None:
        super().__init__(outcome.scene.name)
        self.outcome = outcome

    def lines(self) -> Iterator[str]:
        """What is to be said of it: first the line that failed, at its place."""
        from chatbot.transcripts.report import failing, why

        line = failing(self.outcome)
        yield f"{line.path}:{line.number}: {line}"
        yield from why(self.outcome)


def _cast(config: pytest.Config) -> "Cast":
    """Who plays, loaded once."""
    if _CAST not in config.stash:
        import torch

        from chatbot import bundle as bundles
        from chatbot.transcripts.playing import Cast

        torch.set_num_threads(1)  # the reference
        config.stash[_CAST] = Cast.of(bundles.load(bundles.find(config.getoption("--chatbot-model") or _configured(config))))
    return config.stash[_CAST]


def _configured(config: pytest.Config) -> str | None:
    """The bundle that the configuration names: by a path from its own folder, as pytest reads paths, or by name."""
    name = config.getini("chatbot_model")
    beside = config.inipath and config.inipath.parent / name
    return str(beside) if beside and (beside / "bundle.json").is_file() else name or None
