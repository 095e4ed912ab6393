"""The listener: an encoder that hears the whole utterance, and a decoder that speaks afterwards.

B rows, S source pieces, T target pieces, V vocabulary, E embedding, H hidden, L layers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from chatbot.networks.attention import Attention
from chatbot.networks.embedding import Grams, Heard, Said, utterance
from chatbot.networks.protocol import Context, Plan
from chatbot.networks.recurrence import Dropout, Recurrence
from chatbot.options import NetworkOptions
from chatbot.vocabulary import PAD

PAIRS, GRAMS = 2**13, 2**14  # rows of their tables


class Encoder(nn.Module):
    """Recurrent layers over the source, in one direction or both, that leave padding out exactly.

    Rows are padded on the right, and the second direction reads each row turned round within its own length: no step that is real ever
    comes after padding, so no packing is needed and the fused kernels serve.
    """

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        self.directions = 2 if options.bidirectional else 1
        width = options.hidden // self.directions
        inputs = [options.embedding] + [options.hidden] * (options.layers - 1)
        self.layers = nn.ModuleList(nn.ModuleList(Recurrence(options.cell, size, width, 1) for _ in range(self.directions)) for size in inputs)
        self.dropout = Dropout(options.dropout)

    def forward(self, inputs: Tensor, lengths: Tensor, ends: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Outputs (B, S, H) of the top layer for `inputs` (B, S, E), and what each layer has heard last (L, B, H).

        `ends` tell for each direction after how many steps that is (B,).
        """
        turned = turn(inputs.shape[1], lengths)
        rows = torch.arange(len(inputs), device=inputs.device)
        summaries = []
        for number, directions in enumerate(self.layers):
            inputs = self.dropout(inputs) if number else inputs
            outputs, last = [], []
            for direction, recurrence in enumerate(directions):  # type: ignore[arg-type, var-annotated]
                heard = recurrence(pick(inputs, turned) if direction else inputs)[0]  # (B, S, H / directions)
                last.append(heard[rows, (ends[direction] - 1).clamp(min=0)])
                outputs.append(pick(heard, turned) if direction else heard)
            inputs = torch.cat(outputs, -1)  # (B, S, H)
            summaries.append(torch.cat(last, -1))  # (B, H)
        return inputs, torch.stack(summaries)


class Seq2Seq(nn.Module):
    """Encoder, bridge and decoder. Each state of the decoder starts as tanh(W [what each direction heard last] + b), a layer at a time.

    `letters` (V, L) are those of each piece, as a vocabulary tells them; without them, a plan goes by no letters.
    """

    def __init__(self, options: NetworkOptions, vocabulary: int, letters: Tensor | None = None) -> None:
        super().__init__()
        assert options.attention != "auto", "it is chosen by the corpus"
        self.options, self.letters = options, letters
        self.heard = Heard(vocabulary, options)
        self.encoder = Encoder(options)
        self.said = Said(vocabulary, options)
        self.decoder = Recurrence(options.cell, options.embedding, options.hidden, options.layers, dropout=options.dropout)
        self.bridge = nn.ModuleList(nn.Linear(options.hidden, options.hidden * self.decoder.states) for _ in range(options.layers))
        self.planner = Planner(options, letters) if options.replies else None
        attends = options.attention != "none"
        self.attention = Attention(options.attention, options.hidden, options.hidden) if attends else None
        self.speak = Speak(options, options.hidden * (2 if attends else 1), self.said, pieces=attends and options.pieces)
        self.dropout = Dropout(options.dropout)

    def encode(self, source: Tensor) -> Context:
        """Listens to `source` (B, S)."""
        mask, now = source != PAD, utterance(source)  # (B, S) each
        lengths = mask.sum(1)
        embedded = self.dropout(self.heard(source))  # (B, S, E)
        if self.options.reverse_source:
            turned = turn(source.shape[1], lengths)
            embedded, source, now = pick(embedded, turned), source.gather(1, turned), now.gather(1, turned)
        # Of two directions the one that reads the utterance first is asked before it forgets it over the turns before, which the other has heard.
        ends = [lengths, now.sum(1)] if self.options.bidirectional else [lengths]
        heard, last = self.encoder(embedded, lengths, ends[::-1] if self.options.reverse_source else ends)  # (B, S, H), (L, B, H)
        started = torch.stack([torch.tanh(bridge(part)) for bridge, part in zip(self.bridge, last, strict=True)])  # (L, B, H * states)
        memory = None
        if self.attention is not None:
            memory = self.attention.remember(heard, torch.cat([heard, embedded], -1) if self.options.pieces else heard, mask)
        plan = self.planner(embedded, heard, last[-1], source, now) if self.planner else None
        return Context(started.chunk(self.decoder.states, -1), memory, lengths.new_zeros(len(source)), plan)

    def decode(self, tokens: Tensor, context: Context) -> tuple[Tensor, Context]:
        """Logits (B, T, V) of what follows each of `tokens` (B, T), and the context after the last."""
        context = context.decided()
        outputs, state = self.decoder(self.dropout(self.said(tokens)), context.state)  # (B, T, H)
        if self.attention is not None:
            assert context.memory is not None
            outputs = torch.cat([outputs, self.attention(outputs, context.memory)], -1)  # (B, T, H + F)
        return self.speak(outputs), Context(state, context.memory, context.position + tokens.shape[1])

    def attend(self, tokens: Tensor, context: Context) -> Tensor:
        """How much `decode` looks at each heard piece at each of `tokens` (B, T): (B, T, S), in the order in which they were heard."""
        assert self.attention is not None
        context = context.decided()
        assert context.memory is not None
        weights = self.attention.weights(self.decoder(self.said(tokens), context.state)[0], context.memory)  # (B, T, S)
        if not self.options.reverse_source:
            return weights
        places = turn(weights.shape[-1], context.memory.mask.sum(1))  # (B, S)
        return weights.gather(2, places[:, None].expand_as(weights))

    def planning(self, replies: int, known: Mapping[int, int]) -> "Seq2Seq":
        """This network with a new plan, of so many replies.

        `known` are those that it could plan before: their numbers now, and then.
        """
        before, had = self.planner, self.options.replies
        by_heart = self.options.by_heart and (before is not None or not replies)  # a new plan has nothing to tell at first
        self.options = replace(self.options, replies=replies, by_heart=by_heart)
        self.planner = Planner(self.options, self.letters).to(self.said.table.weight.device).train(self.training) if replies else None
        if self.planner and not self.planner.by_heart:
            nn.init.zeros_(self.planner.told.weight)
        if self.planner and before:
            now, then = [*known.keys(), replies], [*known.values(), had]
            with torch.no_grad():
                for name, part in self.planner.named_parameters():
                    if name.endswith("table.weight"):  # of grams, whatever is replied
                        part.copy_(before.get_parameter(name))
                    else:
                        part[now] = before.get_parameter(name)[then]
        return self


class Planner(nn.Module):
    """Which of R replies that repeat it is going to be, or one that does not, decided by all that was heard, before the first word.

    What is heard looks for its reply in a memory of them, a = softmax(W s + b), and the decoder starts with M a (a memory network of one look: Weston et al.
    2015), and with what was heard as far as it is none of them: a reply that repeats is said by heart, unless there is attention. s is what the encoder heard
    last, the highest that each of its outputs has been (Conneau et al. 2017), and the sum of the embeddings over the root of their number (Cer et al. 2018), of the pieces and of their pairs, all of the utterance without the turns before it. A second
    opinion goes by grams alone, of letters too, V g + c: it knows a word that is mistyped or new in this form. Each opinion is taught by itself; taught as one,
    what grams tell by heart is never composed by the network: "did I hate it? no". Training tells the decoder its reply in most of the rows, and in the others
    what was planned so far. Whoever speaks decides for one reply: it is chosen once, and by the whole utterance, and not by its first piece.
    """

    def __init__(self, options: NetworkOptions, letters: Tensor | None) -> None:
        super().__init__()
        self.dropout, self.by_heart = Dropout(options.dropout), options.by_heart and options.attention == "none"
        self.pairs = Grams(options, PAIRS, options.pairs) if options.pairs else None
        self.which = nn.Linear(2 * options.hidden + options.embedding + options.pairs, options.replies + 1)
        self.told = nn.Embedding(options.replies + 1, options.hidden)
        # With zeros, what is heard would hear nothing from the decoder until they have grown; and the words by themselves should not decide at first.
        nn.init.normal_(self.which.weight[:, : options.hidden], std=0.1)
        nn.init.normal_(self.which.weight[:, options.hidden :], std=0.03)
        nn.init.zeros_(self.which.bias)
        nn.init.normal_(self.told.weight, std=0.5)  # each reply's own, and far from the others'
        self.by_grams = ByGrams(options, letters) if options.grams else None

    def forward(self, embedded: Tensor, heard: Tensor, last: Tensor, source: Tensor, now: Tensor) -> Plan:
        """What to plan, given the `embedded` pieces (B, S, E) of `source` (B, S), the encoder's outputs `heard` (B, S, H) and `last` (B, H).

        `now` (B, S) tells which of the pieces are of the utterance itself.
        """
        real = now[:, :, None]
        words = (embedded * real).sum(1) / real.sum(1).clamp(min=1).sqrt()  # (B, E)
        highest = heard.masked_fill(~real, -1.0).amax(1)  # (B, H); no cell's output is lower, and where nothing was heard there must be a number
        pairs = [self.pairs(source, now)] if self.pairs else []  # (B, P)
        opinions = [self.which(self.dropout(torch.cat([last, highest, words, *pairs], -1)[:, None]))[:, 0]]  # (B, R + 1) each
        if self.by_grams:
            opinions.append(self.by_grams(source, now))
        return Plan(tuple(opinions), self.told.weight, self.by_heart)


class ByGrams(nn.Module):
    """The opinion of an utterance's grams: which reply, in whatever order the words come."""

    def __init__(self, options: NetworkOptions, letters: Tensor | None) -> None:
        super().__init__()
        self.grams = Grams(options, GRAMS, options.grams, letters)
        self.dropout = Dropout(options.dropout)
        self.which = nn.Linear(options.grams, options.replies + 1)

    def forward(self, source: Tensor, now: Tensor) -> Tensor:
        """Logits (B, R + 1), given `source` and `now` as `Planner` is."""
        return self.which(self.dropout(self.grams(source, now)[:, None]))[:, 0]


class Speak(nn.Module):
    """From what the decoder holds, and what attention has found, to logits: E (tanh(W x) + u) + b, where E is the table of `said` when `tied` (Press & Wolf 2017).

    Where attention finds pieces, u = l + tanh(U l), l = tanh(e), and e is their mean as they are embedded: what stands there is also translated word by word,
    whatever the sentence has made of it, and a word that is rare is not taken for the one that is common in such a place (Nguyen & Chiang 2018, section 4, here
    into the same E). Without, u = 0.
    """

    def __init__(self, options: NetworkOptions, inputs: int, said: Said, *, pieces: bool = False) -> None:
        super().__init__()
        self.inputs = inputs
        self.squeeze = nn.Linear(inputs, options.embedding)
        self.word = nn.Linear(options.embedding, options.embedding) if pieces else None
        self.dropout = Dropout(options.dropout)
        self.logits = nn.Linear(options.embedding, said.table.num_embeddings)
        if options.tied:
            self.logits.weight = said.table.weight
        nn.init.zeros_(self.logits.bias)

    def forward(self, outputs: Tensor) -> Tensor:
        """Logits (B, T, V) for `outputs` (B, T, I), behind which come, with `pieces`, those that were found (B, T, E)."""
        spoken = torch.tanh(self.squeeze(outputs[..., : self.inputs]))  # (B, T, E)
        if self.word is not None:
            word = torch.tanh(outputs[..., self.inputs :])
            spoken = spoken + word + torch.tanh(self.word(word))
        return self.logits(self.dropout(spoken))


def turn(steps: int, lengths: Tensor) -> Tensor:
    """The index (B, S) that turns each row round within its length and leaves its padding where it is."""
    places = torch.arange(steps, device=lengths.device)
    back = lengths[:, None] - 1 - places
    return torch.where(back >= 0, back, places)


def pick(inputs: Tensor, index: Tensor) -> Tensor:
    """The steps of `inputs` (B, S, I) in the order of `index` (B, S)."""
    return inputs.gather(1, index[:, :, None].expand_as(inputs))
