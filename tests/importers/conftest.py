"""How importers are tested: a text becomes a file, the file pairs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.corpus.importers.imported import Imported, import_files
from chatbot.corpus.importers.registry import Wishes
from chatbot.errors import ChatbotError


@pytest.fixture
def imported(tmp_path: Path) -> Callable[..., Imported]:
    """imported(name, text, reply_as=…): what comes of one file."""

    def call(name: str, text: str | bytes, **wishes: object) -> Imported:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return import_files([path], Wishes(**wishes))  # type: ignore[arg-type]

    return call


@pytest.fixture
def mistake(imported: Callable[..., Imported], tmp_path: Path) -> Callable[..., str]:
    """mistake(name, text): the one line that is said of a file that cannot be imported, without the path of its folder."""

    def call(name: str, text: str | bytes, **wishes: object) -> str:
        with pytest.raises(ChatbotError) as caught:
            imported(name, text, **wishes)
        line = str(caught.value)
        assert "\n" not in line
        assert caught.value.remedy
        return line.replace(f"{tmp_path}/", "")

    return call
