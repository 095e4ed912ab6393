"""The lesson: its corpora are the same everywhere and are what its page says of them, and what a class types works."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import typer
from pages import PAGES, ROOT
from torch import Tensor
from torch.nn import functional

LESSON = ROOT / "docs" / "lesson"
sys.path.insert(0, str(LESSON))

import by_length  # noqa: E402
import draws  # noqa: E402
import exercises  # noqa: E402
import hearing_itself  # noqa: E402
import lists  # noqa: E402

from chatbot.cli.main import app, run  # noqa: E402
from chatbot.corpus.pairs import Pair, read_pairs  # noqa: E402
from chatbot.corpus.split import split_pairs  # noqa: E402
from chatbot.evaluation.late_cues import CuePair  # noqa: E402
from chatbot.evaluation.metrics import allowed_replies, is_late, twins_among  # noqa: E402
from chatbot.options import VocabularyOptions  # noqa: E402
from chatbot.vocabulary import Vocabulary  # noqa: E402

TRAININGS = {command for exercise in exercises.EXERCISES.values() for command in exercise.trainings}
FAST = {"--epochs": "1", "--hidden": "8", "--embedding": "8", "--threads": "1"}


def faster(command: str) -> list[str]:
    """The words of a training that takes no time, `chatbot` left out."""
    _, *words = shlex.split(command)
    return [FAST.get(before, word) for before, word in zip(["", *words], words, strict=False)]


@pytest.fixture
def few_lists(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lists, "PARTS", {"train": 20, "valid": 2, "test": 3})
    lists.write(Path("lists"))


@pytest.fixture(scope="module")
def moods(tmp_path_factory) -> Path:
    corpus = tmp_path_factory.mktemp("moods") / "moods.tsv"
    assert run(["corpus", "expand", str(LESSON / "moods"), "--out", str(corpus)]) == 0
    return corpus


def test_lists_are_the_same_each_time(few_lists):
    first = {path: path.read_bytes() for path in Path("lists").iterdir()}
    lists.write(Path("lists"))
    assert first == {path: path.read_bytes() for path in Path("lists").iterdir()}
    assert first[Path("lists/train.tsv")].startswith(b"tea beans\ttea beans\n")


def test_no_list_is_in_two_parts_and_none_holds_a_thing_twice(tmp_path):
    lists.write(tmp_path)
    said = [pair.utterance for part in lists.PARTS for pair in read_pairs(tmp_path / f"{part}.tsv")]
    assert len(set(said)) == len(said) == len(lists.LENGTHS) * sum(lists.PARTS.values())
    assert all(len(set(text.split())) == len(text.split()) in lists.LENGTHS for text in said)


def test_an_interrupter_of_moods_has_heard_the_cue_just_in_time_or_never(moods):
    pairs = list(read_pairs(moods))
    vocabulary = Vocabulary.train([pair.utterance for pair in pairs], [pair.reply for pair in pairs], VocabularyOptions(kind="bpe"))
    bot, allowed = type("Speaker", (), {"vocabulary": vocabulary}), allowed_replies(pairs)
    for twins in twins_among(pairs):
        words = CuePair(*twins).words
        assert words in (2, 4, 7)
        assert is_late(bot, *twins, allowed, wait=words)
        assert not is_late(bot, *twins, allowed, wait=words + 1)


def test_of_moods_ten_pairs_of_each_kind_are_held_out(moods):
    held_out: list[Pair] = split_pairs(read_pairs(moods)).test
    counts = [CuePair(*twins).words for twins in twins_among(held_out)]
    assert {words: counts.count(words) >= 10 for words in (2, 4, 7)} == {2: True, 4: True, 7: True}


@pytest.mark.parametrize("command", sorted(TRAININGS | {f"{exercises.EXERCISES[5].measure} --json"}))
def test_the_commands_of_the_exercises_are_understood(command):
    _, name, *words = shlex.split(command)
    program = typer.main.get_command(app)
    program.get_command(None, name).make_context(name, words)


def test_the_page_shows_commands_of_the_exercises():
    shown = re.findall(r"(?m)^    (chatbot train .*)$", PAGES["docs/lesson.md"].read_text("utf-8"))
    assert len(shown) == 3
    assert {tuple(sorted(command.split())) for command in shown} <= {tuple(sorted(command.split())) for command in TRAININGS}


def test_lists_are_learned_and_measured(few_lists, capsys):
    name = "half-forced"
    assert run(faster(next(command for command in TRAININGS if command.endswith(f"/{name}")))) == 0
    assert by_length.right_by_length(f"models/{name}").keys() == set(lists.LENGTHS)
    heard = hearing_itself.measured(f"models/{name}")
    assert heard.perplexity > 1
    assert 0 <= heard.lists <= heard.alone <= 1
    assert 0 <= heard.whispered <= 1


class Echo:
    """Says what it has heard, from its `first` word on, and never that it has ended."""

    def __init__(self, vocabulary: Vocabulary, first: int = 0) -> None:
        self.vocabulary, self.network, self.first = vocabulary, self, first

    def encode(self, source: Tensor) -> Tensor:
        return functional.pad(source, (0, 2))

    def decode(self, tokens: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        return functional.one_hot(source[:, self.first : self.first + tokens.shape[1]], len(self.vocabulary)).float(), source


def test_who_says_what_was_heard_is_right_to_the_last_word(few_lists):
    pairs = list(read_pairs(Path("lists/test.tsv")))
    vocabulary = Vocabulary.train(lists.THINGS, lists.THINGS, VocabularyOptions(kind="bpe"))
    assert hearing_itself.whispered(Echo(vocabulary), pairs) == 1
    assert hearing_itself.whispered(Echo(vocabulary, first=1), pairs) == 0


def test_draws_are_counted(moods, bundle_folder, monkeypatch):
    monkeypatch.chdir(moods.parent)
    monkeypatch.setattr(draws, "DRAWS", 3)
    monkeypatch.setattr(draws, "CUTS", [(0.0, 1.0), (2.0, 1.0)])
    greedy, drawn = draws.drawn(str(bundle_folder))
    assert greedy.different == 1 < drawn.different <= 3
    assert greedy.right == drawn.right == 0  # it never saw this corpus


def test_an_exercise_types_its_commands_and_leaves_what_is_there(tmp_path, monkeypatch, capsys):
    typed = list[str]()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exercises, "type_", lambda command: typed.append(command) or "seen\n")
    (tmp_path / "models" / "moods").mkdir(parents=True)
    exercises.do(exercises.EXERCISES[4], seed=3)
    assert typed == ["chatbot corpus expand moods", f"{exercises.MOODS} --seed 3", "python draws.py models/moods"]
    assert capsys.readouterr().out == "seen\n"
    (tmp_path / "models" / "moods" / "bundle.json").touch()
    exercises.do(exercises.EXERCISES[4], seed=3)
    assert typed[3:] == ["chatbot corpus expand moods", "python draws.py models/moods"]


def test_what_fails_is_said(capsys):
    with pytest.raises(SystemExit, match=r"(?s)\$ chatbot corpus expand nowhere\nchatbot: .*nowhere"):
        exercises.type_("chatbot corpus expand nowhere")
