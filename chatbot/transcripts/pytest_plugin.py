"""`*.chat` files as tests of pytest: a scene is a test, played as `chatbot test` plays it.

    pytest tests/ --chatbot-model models/faq

Nothing of the program is imported before the first transcript is found, and the bundle is loaded by the first scene.
"""

from collections.abc import Iterator
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

    def collect(self) -> Iterator["ChatScene"]:
        """Yields its scenes."""
        from chatbot.errors import ChatbotError
        from chatbot.transcripts.parse import read

        try:
            transcript = read(self.path)
        except ChatbotError as error:
            raise self.CollectError(str(error)) from None
        for scene in transcript.scenes:
            yield ChatScene.from_parent(self, name=scene.name, transcript=transcript, scene=scene)


class ChatScene(pytest.Item):
    """A scene of a transcript."""

    def __init__(self, *, transcript: "Transcript", scene: "Scene", **named: Any) -> None:
        super().__init__(**named)
        self.transcript, self.scene = transcript, scene

    def runtest(self) -> None:
        """Plays it."""
        (outcome,) = _cast(self.config).play(self.transcript, [self.scene])
        if outcome.status == "xfailed":
            pytest.xfail(self.scene.xfail or "")
        if not outcome.fine:
            raise NotFineError(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The conversation up to the line that failed, and last its place."""
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
        """What is to be said of it; the last line begins with a place."""
        from chatbot.transcripts.report import failing, why

        yield from why(self.outcome)
        line = failing(self.outcome)
        yield f"{line.path}:{line.number}: {self.outcome.scene.name}: {self.outcome.status}"


def _cast(config: pytest.Config) -> "Cast":
    """Who plays, loaded once."""
    if _CAST not in config.stash:
        import torch

        from chatbot import bundle as bundles
        from chatbot.transcripts.playing import Cast

        torch.set_num_threads(1)  # the reference
        config.stash[_CAST] = Cast.of(bundles.load(bundles.find(config.getoption("--chatbot-model") or config.getini("chatbot_model") or None)))
    return config.stash[_CAST]
