"""All options, each default written once: the command line reads them here, and a bundle stores them. Free of torch."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar, get_args

from chatbot.errors import OptionError

Cell = Literal["rnn", "gru", "lstm"]
Attention = Literal["auto", "none", "dot", "general", "additive"]
Kind = Literal["unigram", "bpe", "char"]
Optimiser = Literal["adamw", "adam", "sgd"]

PIECES = 2500
EPOCHS, FEWEST_EPOCHS = 8, 3
BATCH = 1024
MANY, TOO_MANY = 3000, 16_000  # batches of an epoch, from where on they are twice as large; and of all epochs, from where on there are fewer
UNSURE = "I am not sure that I followed. Could you say it another way?"
FEWEST_STEPS = 1500  # fewer teach a network of any size nothing
SAID = 8  # times that a reply is said to the end in an epoch; one that is given n times more often √n times more often
MOST_HISTORY = 1000
LIMIT = 256  # pieces of an utterance or a reply: a longer pair is left out, and counted aloud
SAMPLE = 200_000  # pairs that a vocabulary is trained on at the most: half a gigabyte, and 14 s on two cores


@dataclass(frozen=True, kw_only=True)
class VocabularyOptions:
    """What a vocabulary is trained to be. `size` is a target: a text that gives fewer pieces gets fewer."""

    kind: Kind = "unigram"
    size: int = 0  # 0: PIECES, or more where the text has many characters
    lowercase: bool = False  # what is heard; replies keep their capitals

    def __post_init__(self) -> None:
        """Raises OptionError for an unknown kind and an impossible size."""
        _one_of("vocabulary", self.kind, get_args(Kind))
        _between("--vocab-size", self.size, 0, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """The sizes of the listener. The interrupter has the same cell, layers and embedding, and as many parameters as the listener without its plan."""

    cell: Cell = "lstm"
    layers: int = 1
    hidden: int = 256
    embedding: int = 160
    dropout: float = 0.1
    word_dropout: float = 0.1  # the share of the heard pieces that training leaves out
    bidirectional: bool = True  # the encoder reads from both ends
    attention: Attention = "general"  # "auto" until it is known whether replies repeat
    pieces: bool = True  # attention finds the pieces themselves too, and not only what the encoder made of them
    tied: bool = True  # one matrix embeds pieces and scores them
    reverse_source: bool = False  # the encoder reads the last piece first (Sutskever et al. 2014)
    pairs: int = 64  # width of a pair of neighbouring pieces, by which the listener plans as well
    grams: int = 64  # width of a gram of letters or pieces, by which it has a second opinion of its plan
    replies: int = 0  # that repeat: the listener plans which of them it will give. Training counts them
    by_heart: bool = True  # without attention, what is planned is said by heart: what was heard tells the decoder nothing besides

    def __post_init__(self) -> None:
        """Raises OptionError for what cannot be built."""
        _one_of("cell", self.cell, get_args(Cell))
        _one_of("attention", self.attention, get_args(Attention))
        for flag, value, most in (("--layers", self.layers, 16), ("--hidden", self.hidden, 8192), ("--embedding", self.embedding, 8192)):
            _between(flag, value, 1, most)
        for flag, share in (("--dropout", self.dropout), ("--word-dropout", self.word_dropout)):
            _share(flag, share)
            if share == 1:
                raise OptionError(f"{flag} 1 leaves nothing", remedy="use less than 1")
        _between("--pairs", self.pairs, 0, 8192)
        _between("--grams", self.grams, 0, 8192)
        _between("replies", self.replies, 0, 2**15 - 1)
        if self.bidirectional and self.hidden % 2:
            raise OptionError(f"--hidden {self.hidden} is odd", remedy="an encoder of two directions halves it: use an even number, or --one-directional")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How networks are trained. The learning rate rises linearly over `warmup` of the steps, then falls as a cosine to a hundredth."""

    epochs: int = 0  # 0: EPOCHS, more on a small corpus, to make FEWEST_STEPS steps, and fewer on a large one
    batch_tokens: int = 0  # source + target pieces a step at the most, padding counted; 0: BATCH, or twice that on a large corpus
    accumulate: int = 1  # batches a step, in each process
    optimiser: Optimiser = "adamw"
    learning_rate: float = 3e-3
    warmup: float = 0.05
    weight_decay: float = 0.01
    clip: float = 1.0  # the norm of all gradients together; 0 does not clip
    label_smoothing: float = 0.0
    plan: float = 1.0  # where replies repeat, the listener plans which one it will give before its first word: the weight of the loss that teaches it
    teacher_forcing: tuple[float, float] = (1.0, 1.0)  # in the first and in the last epoch: the share of pieces that are the corpus's own
    patience: int = 5  # epochs without a better validation before a network stops; 0 never stops
    seed: int = 1

    def __post_init__(self) -> None:
        """Raises OptionError for what cannot be trained with."""
        _one_of("optimiser", self.optimiser, get_args(Optimiser))
        for flag, value, least in (
            ("--epochs", self.epochs, 0),
            ("--batch-tokens", self.batch_tokens, 0),
            ("--patience", self.patience, 0),
        ):
            _at_least(flag, value, least)
        _between("--accumulate", self.accumulate, 1, 1_000_000)
        for flag, number in (("--clip", self.clip), ("--weight-decay", self.weight_decay), ("--plan", self.plan)):
            _at_least(flag, number, 0)
        _between("--seed", self.seed, 0, 2**31 - 1)
        if not 0 < self.learning_rate < float("inf"):
            raise OptionError(f"--learning-rate {self.learning_rate:g} teaches nothing", remedy="use a number above 0, such as 0.003")
        if self.label_smoothing == 1:
            raise OptionError("--label-smoothing 1 leaves nothing of a target", remedy="use less than 1")
        for flag, share in (
            ("--label-smoothing", self.label_smoothing),
            ("--warmup", self.warmup),
            *(("--teacher-forcing", ratio) for ratio in self.teacher_forcing),
        ):
            _share(flag, share)


def batch_of(batches: int, options: TrainingOptions) -> int:
    """The source + target pieces of a step: as many as were asked for, else BATCH, or twice that where an epoch has MANY `batches` of so many."""
    return options.batch_tokens or BATCH * (1 + (batches > MANY))


def epochs_of(batches: int, steps: int, options: TrainingOptions) -> int:
    """How many epochs of so many `steps`, or `batches` of BATCH pieces, there are: those that were asked for, else EPOCHS, if they make neither too few nor TOO_MANY."""
    return options.epochs or max(FEWEST_EPOCHS, min(EPOCHS, TOO_MANY // max(1, batches)), -(-FEWEST_STEPS // steps))


Options = TypeVar("Options", VocabularyOptions, NetworkOptions, TrainingOptions)


def network_options(preset: str = "small", **changes: Any) -> NetworkOptions:
    """The preset of that name with `changes` made to it; a change that is None is none. Raises OptionError."""
    _one_of("preset", preset, tuple(PRESETS))
    return changed(PRESETS[preset], **changes)


def changed(options: Options, **changes: Any) -> Options:
    """`options` with `changes` made to it; a change that is None is none. Raises OptionError."""
    return replace(options, **{name: value for name, value in changes.items() if value is not None})


def network_options_from(stored: dict[str, Any]) -> NetworkOptions:
    """The options that a bundle stores. Raises OptionError for one that this program does not know."""
    if unknown := stored.keys() - {field.name for field in fields(NetworkOptions)}:
        raise OptionError(f"unknown network option {sorted(unknown)[0]}")
    return NetworkOptions(**{"pairs": 0, "grams": 0, "pieces": False, "by_heart": False, **stored})  # bundles of 0.1 have none


def _one_of(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise OptionError(f"no {what} called {value}", remedy=f"use {', '.join(choices)}")


def _between(flag: str, value: int, least: int, most: int) -> None:
    _at_least(flag, value, least)
    if value > most:
        raise OptionError(f"{flag} {value} is too large", remedy=f"use {most} or less")


def _at_least(flag: str, value: float, least: float) -> None:
    if not value >= least:
        raise OptionError(f"{flag} {value:g} is too small", remedy=f"use {least} or more")


def _share(flag: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise OptionError(f"{flag} {value:g} is not a share", remedy="use a number from 0 to 1")


PRESETS = {
    "tiny": NetworkOptions(hidden=128, embedding=96),
    "small": NetworkOptions(),
    "base": NetworkOptions(layers=2, hidden=512, embedding=256, dropout=0.2),
}
