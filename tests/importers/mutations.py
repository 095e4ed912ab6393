"""Exports as they are after an accident: bytes lost, doubled, swapped or from elsewhere."""

import io
import random
import zipfile

import exports

ODD = [b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x1b[31m", b"\r", b"\n\n", b'"', b"'", b"{", b"}", b"[", b"]", b":", b" - ", b"\t", b",", b";", b"\\", b"\\ud800", b"9" * 40,
       b"9" * 5000, b"99/99/9999", b"null", b"-1", b"1e999", b"[" * 3000, b"x" * 5000, "\u2028".encode(), "\u202e".encode(), "\ufeff".encode(), "٣".encode(), b"\xe2\x80"]  # fmt: skip


def originals() -> dict[str, tuple[str, bytes, dict]]:
    """Every export: the name of its file, its bytes, and what is asked of the import."""
    found = {f"chat, {name}": (file, text.encode(), {"reply_as": "Ben"}) for name, (file, text) in exports.CHATS.items()}
    found |= {f"table, {name}": (file, text.encode(), {}) for name, (file, text) in (*exports.TABLES.items(), *exports.ROLES.items())}
    found["utf-16"] = ("chat.txt", exports.WHATSAPP["android de"].encode("utf-16"), {"reply_as": "Ben"})
    found["latin"] = ("faq.csv", exports.TABLES["csv, German office"][1].replace("late", "sp\u00e4t").encode("cp1252"), {})
    found["zip"] = ("chat.zip", zipped(), {"reply_as": "Ben"})
    if book := workbook():
        found["xlsx"] = ("faq.xlsx", book, {})
        found["xlsx, its inside"] = ("faq.xlsx", book, {})
    return found


def zipped(name: str = "_chat.txt", text: str = exports.WHATSAPP["iphone de"]) -> bytes:
    """A chat in a zip, with a picture."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
        archive.writestr("00000012-PHOTO.jpg", b"\xff\xd8")
    return file.getvalue()


def workbook(rows: tuple[tuple[object, ...], ...] = (("Nr", "Question", "Answer"), (1, *exports.QUESTIONS[0]), (2, *exports.QUESTIONS[1]))) -> bytes | None:
    """The questions as .xlsx; None when openpyxl is not installed."""
    try:
        import openpyxl
    except ImportError:
        return None
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def mutated(raw: bytes, draw: random.Random) -> bytes:
    """`raw` after one to four accidents."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        at, until = sorted(draw.randrange(len(raw) + 1) for _ in range(2))
        near = min(len(raw), at + draw.randrange(1, 12))
        lines = raw.split(b"\n")
        kind = draw.randrange(9)
        if kind == 0:
            raw = raw[:at] + raw[near:]
        elif kind == 1:
            raw = raw[:at] + draw.choice(ODD) + raw[at:]
        elif kind == 2:
            raw = raw[:at] + draw.choice(ODD) + raw[near:]
        elif kind == 3:
            raw = raw[:at]
        elif kind == 4:
            raw = raw[:at] + raw[until:]
        elif kind == 5:
            raw = raw[:at] + raw[at:until] * 2 + raw[until:]
        elif kind == 6 and raw:
            raw = raw[:at] + bytes([draw.randrange(256)]) + raw[at + 1 :]
        elif kind == 7:
            draw.shuffle(lines)
            raw = b"\n".join(lines)
        else:
            line = draw.randrange(len(lines))
            lines[line] = draw.choice(lines)
            raw = b"\n".join(lines)
    return raw


def inside(raw: bytes, draw: random.Random) -> bytes:
    """A zip of which one member had accidents, and whose sums are right all the same."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(file, "w") as after:
        names = before.namelist()
        hit = draw.choice(names)
        for name in names:
            after.writestr(name, mutated(before.read(name), draw) if name == hit else before.read(name))
    return file.getvalue()
