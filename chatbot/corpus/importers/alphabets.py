"""Which of the encodings of Latin letters a text is in: the one in which its letters beyond ASCII are those of one language.

What they are in all these encodings is bytes, and any byte is some letter in each: statistics over a few lines take French for Czech.
"""

_WESTERN = (  # French, German, Spanish, Portuguese, Italian, those of the North, Icelandic, Dutch, Catalan
    "àâçèéêëîïôœùû", "äöüß", "áéíñóúü", "àáâãçéêíóôõú", "àèéìíòóù", "äåæöøéü", "áæðéíóöúýþ", "áéèëïíóöü", "àçèéíïòóúü·",
)  # fmt: skip
_CENTRAL = (  # Polish, Czech, Slovak, Hungarian, Croatian, Romanian
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "âăîşţ",
)  # fmt: skip
_TURKISH = ("âçğıîöşûü", "âçğiîöşûü̇")
_ALPHABETS = {"cp1252": _WESTERN, "cp1250": _CENTRAL, "iso8859_2": _CENTRAL, "cp1254": _TURKISH, "mac_roman": _WESTERN}  # the commonest first
_SIGNS = set("“”„‘’‚«»‹›–—…€£§°©®™´¡¿ªº№\u00a0\u00ad")  # of no language
_ENOUGH = 0.9


def latin(sample: bytes) -> str | None:
    """The encoding of Latin letters that these bytes seem to be in; None where none explains them, or where most letters are none of ASCII."""
    plain = sum(chr(byte).isalpha() for byte in sample if byte < 128)
    shares = {encoding: _share(sample.decode(encoding, "replace"), alphabets, plain) for encoding, alphabets in _ALPHABETS.items()}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= _ENOUGH else None


def _share(text: str, alphabets: tuple[str, ...], plain: int) -> float:
    """Of the characters beyond ASCII those that are of one language, at the best; of none where they outnumber half of the `plain` letters.

    A capital after a small letter is of no language.
    """
    odd = [
        "" if letter.isupper() and before.islower() else letter.lower()
        for before, letter in zip(f" {text}", text, strict=False)
        if not letter.isascii() and letter not in _SIGNS
    ]
    if 2 * len(odd) > plain:
        return 0.0
    return max(sum(bool(letter) and letter in alphabet for letter in odd) for alphabet in alphabets) / len(odd) if odd else 1.0
