"""Texts and bytes made wrong: a small fuzzer that starts from good inputs.

In: a corpus and a `Random`. Out: an input that is one of the corpus with a few mistakes: bytes flipped, parts dropped,
doubled, moved, taken from elsewhere; words of the language, numbers and signs that programs stumble over; nesting;
other line ends and encodings. The same seed gives the same bytes.
"""

import copy
import json
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

WORD = re.compile(rb"[A-Za-z_]\w*")
TOKEN = re.compile(rb"\w+|[^\w\s]")
INTERESTING: tuple[bytes, ...] = (
    b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\n\n", b"\t", b"\x1b[2J",
    b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xf0\x9f\x90\x84", b"\xd9\xa1", b"\xc2\xa0", b'"', b"'", b"\\", b"//", b"/*",
    b"0", b"1", b"2", b"3", b"-1", b"00", b"1e999", b"1e-999", b"NaN", b"4294967296", b"9" * 40, b"9" * 5000,
    b"true", b"false", b"null", b"none", b"self", b"{}", b"[]", b"()", b"{", b"}", b"[", b"]", b"(", b")", b"?", b":",
    b":=", b"=", b"->", b"..", b".", b",", b";", b"_", b"x" * 300, b"x" * 70_000,
)  # fmt: skip
WORDS: tuple[bytes, ...] = tuple(
    b"use module sort ordered struct enum ghost var mutex rwlock seqcount init choice fix cost def macro action proc"
    b" step each where require let if else match forall exists count refs choose in and or not old idle held write_held"
    b" changed acquire release downgrade begin goto return call note spend for read write invariant lemma cover"
    b" transition scenario allow until finish expect proved refuted by no_violation within reached unreachable violated"
    b" holds blocked when at any bool ref mapcount page_count machine invariants policy kernel.fork".split()
)


def mutant(corpus: Sequence[bytes], random: Random) -> bytes:
    """One of the corpus with one to six mistakes."""
    data = random.choice(corpus)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        data = random.choice(MISTAKES)(data, corpus, random)
    return data


AROUND: tuple[tuple[bytes, bytes], ...] = (
    (b"(", b")"), (b"[", b"]"), (b"{", b"}"), (b"not ", b""), (b"", b".x"), (b"", b" + 1"), (b"a -> ", b""),
    (b"if a then b else ", b""), (b'{"a": ', b"}"), (b"forall x: Page: ", b""), (b"if a { ", b" }"),
)  # fmt: skip
VALUES: tuple[object, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 10**6, 10**400, 0.5, 1e400, "", "x", "page0", "page1", "cpu0", "mm1", "none",
    "on", "look", "\u0000", "\ud800", "٣", "x" * 5000, [], {}, [[]], {"": None}, [0] * 1000,
)  # fmt: skip


def json_mutant(corpus: Sequence[bytes], random: Random) -> bytes:
    """One of the corpus, which is JSON, with mistakes in its values and keys; now and then in its bytes."""
    if random.random() < 0.2:
        return mutant(corpus, random)
    record = json.loads(random.choice(corpus))
    donor = json.loads(random.choice(corpus))
    for _ in range(random.choice((1, 1, 2, 3))):
        places = list(_places(record))
        where, key = random.choice(places)
        others = [container[name] for container, name in (*places, *_places(donor))]
        match random.randrange(6):
            case 0:
                del where[key]
            case 1 if isinstance(where, dict):
                where[random.choice([*(k for c, k in places if isinstance(c, dict)), "", "x[", "pte[mm9]"])] = (
                    where.pop(key)
                )
            case 2 | 3:
                where[key] = copy.deepcopy(random.choice(VALUES))
            case _:
                where[key] = copy.deepcopy(random.choice(others))
        if not record:
            break
    return json.dumps(record).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container and key or index in it, through all depths."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _place(data: bytes, random: Random) -> int:
    return random.randint(0, len(data))


def _part(data: bytes, random: Random) -> tuple[int, int]:
    """From a place to another, mostly near."""
    start = _place(data, random)
    return start, min(len(data), start + int(random.expovariate(1 / 20)) + 1)


def _flipped(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    at = _place(data, random)
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def _dropped(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    start, stop = _part(data, random)
    return data[:start] + data[stop:]


def _doubled(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    start, stop = _part(data, random)
    return data[:stop] + data[start:stop] * random.choice((1, 1, 2, 50)) + data[stop:]


def _line_moved(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    lines = data.split(b"\n")
    line = lines.pop(random.randrange(len(lines)))
    for _ in range(random.choice((0, 1, 1, 2))):
        lines.insert(random.randint(0, len(lines)), line)
    return b"\n".join(lines)


def _spliced(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(corpus)
    start, stop = _part(other, random)
    if random.random() < 0.3:
        lines = other.split(b"\n")
        first = random.randrange(len(lines))
        return data + b"\n" + b"\n".join(lines[first : first + random.randint(1, 15)])
    at = _place(data, random)
    return data[:at] + other[start:stop] + data[at:]


def _inserted(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    at = _place(data, random)
    return data[:at] + random.choice(INTERESTING) + data[at:]


def _token_changed(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    """A word or sign becomes another: of this input, of the language, or one of the interesting."""
    tokens = list(TOKEN.finditer(data))
    if not tokens:
        return data
    token = random.choice(tokens)
    own = random.choice(tokens)[0]
    new = random.choice((own, own, own, random.choice(WORDS), random.choice(INTERESTING)))
    return data[: token.start()] + new + data[token.end() :]


def _names_swapped(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    names = sorted({match[0] for match in WORD.finditer(data)})
    if not names:
        return data
    old, new = random.choice(names), random.choice(names)
    return re.sub(rb"\b%s\b" % re.escape(old), lambda _: new, data, count=random.choice((0, 1)))


def _nested(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    """A part of it inside many brackets, or behind many prefixes."""
    start, stop = _part(data, random)
    before, after = random.choice(AROUND)
    times = random.choice((2, 20, 149, 151, 3000))
    return data[:start] + before * times + data[start:stop] + after * times + data[stop:]


def _encoded(data: bytes, corpus: Sequence[bytes], random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return random.choice((
        data.replace(b"\n", b"\r\n"), data.replace(b"\n", b"\r"), data.replace(b"\n", b" "), b"\xef\xbb\xbf" + data,
        text.encode("utf-16"), text.encode("latin-1", "replace"), data[: _place(data, random)],
    ))  # fmt: skip


MISTAKES = (
    _flipped, _dropped, _doubled, _line_moved, _line_moved, _spliced, _inserted, _token_changed, _token_changed,
    _token_changed, _names_swapped, _names_swapped, _nested, _encoded,
)  # fmt: skip
