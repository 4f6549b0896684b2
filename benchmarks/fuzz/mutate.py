"""Random mutations of bytes, texts and JSON values; each follows from its random numbers alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

__all__ = [
    "NUMBERS", "OUTSIDE", "WORDS", "mutate_bytes", "mutate_json", "mutate_text", "near_number",
]  # fmt: skip

OUTSIDE = "@OUTSIDE@"
"""Placeholder for a folder that nothing may be written to."""

NUMBERS = (
    "0", "-1", "1", "2", "7", "0.5", "-0.0", "1e400", "-1e400", "1e-320", "nan", ".nan", "inf",
    "-.inf", "255", "65536", "2147483647", "2147483648", "-2147483649", "4294967296",
    "1" + "0" * 30, "9" * 5000, "0x" + "f" * 3000, "59:59:59", "1_000", "0b11", "1/0", "３", "½",
)  # fmt: skip
WORDS = (
    "", "~", "null", "true", "off", "[]", "{}", "[0, 1]", "{a: 1}", "''", '"', "'", "-", "--help",
    "../../../escaped", OUTSIDE, OUTSIDE + "/made", "/dev/null", "a\0b", "\x1b[2J", "\ufeff",
    "\u202e", "é" * 300, "x" * 5000, "a,b", 'c"d', "e\nf", "%s%n", "{0}", "$x^$", "[b]", "<b>",
    "&a [*a, *a]", "*missing", "!!python/object/apply:os.getcwd []", "!!timestamp x",
    "!!bool maybe", "!!int ''", "!!binary x", "2020-13-45", "[" * 900, "{a: " * 300, "os:getcwd",
    "no_module:Name", "con", "~nouser/x", "landmarks", "detector", "frame", "poses",
    "\ud7ff\ufffe", "<<: 1", "? x", "a: b: c", "# x", "---", "...",
)  # fmt: skip
_INTEGERS = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
_TOKEN = re.compile(r"[A-Za-z0-9_.+-]+")


def mutate_bytes(rng: Random, data: bytes) -> bytes:
    """One to eight changes of bits, integers and blocks, half of them near an end.

    In half of the results no byte is moved, so that what refers to a position stays valid.
    """
    changed = bytearray(data)
    kinds = rng.choice((6, 10))
    for _ in range(rng.choice((1, 1, 2, 3, 5, 8))):
        _change_block(rng, changed, rng.randrange(kinds))
    return bytes(changed)


def _change_block(rng: Random, data: bytearray, kind: int) -> None:
    if not data:
        data += rng.randbytes(8)
        return
    where = _position(rng, len(data))
    length = rng.choice((1, 2, 4, 8, 16, 64, 512, 4096))
    block = bytes(data[where : where + length])
    if kind <= 2:
        data[where] ^= 1 << rng.randrange(8)
    elif kind == 3:
        data[where] = rng.randrange(256)
    elif kind <= 5:  # an integer of the file's structure
        size = rng.choice((1, 2, 4, 8))
        size = min(size, len(data) - where)
        value = (rng.choice(_INTEGERS) - rng.choice((0, 0, 1))) % (1 << 8 * size)
        data[where : where + size] = value.to_bytes(size, rng.choice(("little", "big")))
    elif kind == 6:
        del data[where : where + length]
    elif kind == 7:
        data[where:where] = rng.choice((block, rng.randbytes(length), bytes(length)))
    elif kind == 8:
        data[where : where + length] = bytes([rng.choice((0, 255))]) * len(block)
    else:
        del data[where:]


def _position(rng: Random, size: int) -> int:
    """A position: near the start, near the end, or anywhere."""
    near = min(size, rng.choice((64, 512, 4096)))
    place = rng.randrange(4)
    if place == 0:
        return rng.randrange(near)
    return size - 1 - rng.randrange(near) if place == 1 else rng.randrange(size)


def mutate_text(rng: Random, text: str) -> bytes:
    """One to four changes of words, numbers and lines, rarely of bytes, as UTF-8."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        text = _change_text(rng, text)
    data = text.encode("utf-8", "surrogatepass")
    return mutate_bytes(rng, data) if rng.random() < 0.15 else data


def _change_text(rng: Random, text: str) -> str:
    kind = rng.randrange(8)
    if kind <= 3 and (tokens := list(_TOKEN.finditer(text))):
        token = rng.choice(tokens)
        words = NUMBERS if token[0][0].isdigit() and rng.random() < 0.7 else WORDS
        others = (rng.choice(words), rng.choice(tokens)[0])
        return text[: token.start()] + rng.choice(others) + text[token.end() :]
    lines = text.splitlines(keepends=True)
    at = rng.randrange(len(lines)) if lines else 0
    if kind == 4:
        del lines[at : at + 1]
    elif kind == 5:
        lines[at:at] = lines[at : at + 1] * rng.choice((1, 2, 50))
    elif kind == 6:
        where = rng.randrange(len(text) + 1)
        return (
            text[:where] + rng.choice((*WORDS, "\t", "\r", " ", ":", ",", "]", "}")) + text[where:]
        )
    elif lines:
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    return "".join(lines)


def mutate_json(rng: Random, value: Any) -> str:
    """The text of a JSON value of which one to three parts are replaced, removed or added.

    Half of the replacements are plausible: a number nearby, or another text of the same value.
    """
    value = json.loads(json.dumps(value))
    texts = sorted(set(_texts(value)))
    for _ in range(rng.choice((1, 1, 2, 3))):
        value = _change_part(rng, value, texts)
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    # Numbers that JSON has and Python does not write, and numbers that JSON does not have.
    return re.sub(r'"#(.*?)#"', r"\1", text)


def _texts(value: Any) -> list[str]:
    """All texts in a JSON value, without the keys."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


def _change_part(rng: Random, value: Any, texts: Sequence[str]) -> Any:
    """Change `value`, or a part of it in place; the changed value."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.93:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key: Any = rng.choice(list(keys))
        action = rng.randrange(16)
        if action <= 1:
            del value[key]
        elif action == 2 and isinstance(value, dict):
            value[rng.choice((*WORDS, *keys))] = value.pop(key)
        elif action == 2 and isinstance(value, list):
            value.insert(key, _other_value(rng))
        elif action == 3:
            other: Any = rng.choice(list(keys))
            value[key], value[other] = value[other], value[key]
        else:
            value[key] = _change_part(rng, value[key], texts)
        return value
    plausible = rng.random() < 0.5
    if isinstance(value, str) and texts and plausible:
        return rng.choice(texts)
    if isinstance(value, (int, float)) and plausible:
        return near_number(rng, value)
    return _other_value(rng)


def near_number(rng: Random, value: float) -> float:
    """Another number of the same kind: twice, half, one more, negative, or of another power."""
    power = 10 ** rng.choice((-3, -1, 1, 2, 3, 5))
    made = rng.choice((value * 2, value / 2, value + 1, value - 1, -value, 0, 1, 2, 3, power))
    return int(made) if type(value) is int else made


def _other_value(rng: Random) -> Any:
    nested: Any = 1
    for _ in range(200):
        nested = [nested]
    number = f"#{rng.choice((*NUMBERS, 'NaN', 'Infinity'))}#"
    plain: tuple[Any, ...] = (
        None, True, False, [], {}, [None], nested, 0, -1, 0.5, 10**20, 1e300, [[1, 2]] * 40
    )  # fmt: skip
    return rng.choice((number, rng.choice(WORDS), rng.choice(plain), rng.choice(plain)))
