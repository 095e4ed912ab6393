"""How networks are trained: frozen, checked once."""

from dataclasses import dataclass
from typing import Literal, get_args

from chatbot.errors import OptionError

Optimiser = Literal["adamw", "adam", "sgd"]
OPTIMISERS: tuple[Optimiser, ...] = get_args(Optimiser)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """The schedule: the learning rate rises linearly over `warmup` of the steps, then falls as a cosine to a hundredth."""

    epochs: int = 16
    batch_tokens: int = 2048  # source + target pieces a step at the most, padding counted
    optimiser: Optimiser = "adamw"
    learning_rate: float = 4e-3
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0  # the norm of all gradients together; 0 does not clip
    label_smoothing: float = 0.1
    teacher_forcing: tuple[float, float] = (1.0, 1.0)  # in the first and in the last epoch: the share of pieces that are the corpus's own
    patience: int = 5  # epochs without a better validation before a network stops; 0 never stops
    seed: int = 1

    def __post_init__(self) -> None:
        """Raises OptionError for what cannot be trained with."""
        if self.optimiser not in OPTIMISERS:
            raise OptionError(f"no optimiser called {self.optimiser}", remedy=f"use {', '.join(OPTIMISERS)}")
        for flag, value, least in (("--epochs", self.epochs, 1), ("--batch-tokens", self.batch_tokens, 1), ("--patience", self.patience, 0), ("--clip", self.clip, 0)):
            if value < least:
                raise OptionError(f"{flag} {value} is too small", remedy=f"use {least} or more")
        if self.learning_rate <= 0:
            raise OptionError(f"--learning-rate {self.learning_rate:g} teaches nothing", remedy="use a number above 0")
        for flag, share in (("--label-smoothing", self.label_smoothing), ("--warmup", self.warmup), *(("--teacher-forcing", ratio) for ratio in self.teacher_forcing)):
            if not 0 <= share <= 1:
                raise OptionError(f"{flag} {share:g} is not a share", remedy="use a number from 0 to 1")
