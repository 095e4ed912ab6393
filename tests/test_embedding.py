"""Embeddings: what training leaves out, and what stands side by side."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from chatbot.batches import pad
from chatbot.networks.embedding import FEW, Grams, Heard, hashed
from chatbot.networks.seq2seq import Seq2Seq
from chatbot.options import NetworkOptions
from chatbot.vocabulary import PAD, SEP, letters_of


def test_words_are_left_out_in_training_but_never_of_an_utterance_of_few_pieces():
    heard = Heard(50, NetworkOptions(embedding=8, word_dropout=0.5))
    source = torch.full((100, 2 * FEW), PAD)
    for row in range(100):
        source[row, : row % (2 * FEW) + 1] = row % 40 + 5
    left_out = (heard(source) == 0).all(-1) & (source != PAD)
    few = (source != PAD).sum(1) <= FEW
    assert not left_out[few].any()
    assert 0.3 < left_out.sum() / (source[~few] != PAD).sum() < 0.7
    assert torch.equal(heard.eval()(source), heard.table(source)), "who talks hears all"


def test_what_attention_finds_is_also_translated_word_by_word_where_it_is_told_to():
    source, tokens = torch.tensor([[7, 8, 9, 10], [11, 12, PAD, PAD]]), torch.tensor([[1, 9, 8], [1, 7, 7]])
    for pieces in (True, False):
        network = Seq2Seq(NetworkOptions(hidden=8, embedding=6, attention="dot", pieces=pieces), 20).eval()
        for weight in network.speak.squeeze.parameters():
            torch.nn.init.zeros_(weight)  # nothing is known of the sentence, only what stands where it looks
        context = network.encode(source)
        found = torch.tanh(network.attend(tokens, context) @ network.heard(source))
        expected = network.speak.logits(found + torch.tanh(network.speak.word(found))) if pieces else torch.zeros(2, 3, 20)
        torch.testing.assert_close(network.decode(tokens, context)[0], expected)


LETTERS = torch.tensor(letters_of([*[""] * (SEP + 1), " so", " he", "lp", " me", "!", " hel", " Help", "p"]))


def test_grams_tell_the_order_of_words_and_are_left_out_like_words():
    grams = Grams(NetworkOptions(word_dropout=0.5), 999, 8, LETTERS)
    source = torch.tensor([[7, 8, 9, 10, 11, 12], [12, 11, 10, 9, 8, 7], [7, 8, 9, 10, PAD, PAD], [SEP, 7, 8, 9, 10, PAD]])
    now = (source != PAD) & (source != SEP)
    found = [grams(source, now) for _ in range(9)]
    assert any(not torch.equal(one[0], found[0][0]) for one in found), "some grams are left out"
    assert all(torch.equal(one[2], found[0][2]) for one in found), "but none of few pieces"
    there, back, few, after = grams.eval()(source, now)
    assert not torch.allclose(there, back)
    torch.testing.assert_close(few, after)


def test_letters_are_known_however_they_are_cut_into_pieces_and_without_them_there_are_none():
    whole, cut, other = torch.tensor([[11, PAD, PAD], [10, 12, PAD], [5, 12, PAD]])[:, None]
    grams = Grams(NetworkOptions(), 2**14, 256, LETTERS).eval()
    alike = torch.cosine_similarity(*(grams(source, source != PAD) for source in (whole, cut)))
    assert alike > 0.5 > torch.cosine_similarity(*(grams(source, source != PAD) for source in (whole, other)))
    unspelt = Grams(NetworkOptions(), 2**14, 256).eval()
    assert torch.cosine_similarity(*(unspelt(source, source != PAD) for source in (whole, cut))) < 0.5


def test_a_syllable_of_hangul_is_known_by_its_letters():
    grams = Grams(NetworkOptions(), 2**14, 256, torch.tensor(letters_of([*[""] * (SEP + 1), " 가", " 갔", " 높"]))).eval()
    goes, went, high = (grams(source, source != PAD) for source in torch.arange(SEP + 1, SEP + 4)[:, None, None])
    assert torch.cosine_similarity(goes, went) > torch.cosine_similarity(goes, high) + 0.1


@given(st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1, max_size=4), st.integers(2, 4))
def test_grams_are_hashed_alike_wherever_they_stand(rows, n):
    ids = pad(rows)
    numbers, there = hashed(ids, n)
    for row, found, real in zip(rows, numbers.tolist(), there.tolist(), strict=True):
        alone = [0] * (n - 1) + row + [0] * (n - 1)
        windows = [tuple(alone[start : start + n]) for start in range(len(alone) - n + 1)]
        assert sum(real) == sum(any(window) for window in windows)
        assert len({number for number, so in zip(found, real, strict=True) if so}) == len({window for window in windows if any(window)})
