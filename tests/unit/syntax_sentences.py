"""Random texts for the tests of `syntax/`: sentences of the grammar, and given words with other blanks and comments."""

import random
from functools import cache

from cowspec.syntax import grammar
from cowspec.syntax.concrete import tokens_of
from lark.grammar import NonTerminal, Rule, Terminal

NAMES = ("m", "a", "pte", "mapcount", "do_wp_page", "Cpu", "q1", "read", "x")
STRINGS = ('""', '"[ copy page ]"', '"a // b"', '"it says {;}"')
COMMENTS = ("// c", "//", '// "quoted" { [', "//  two  words", "// é 漢")


@cache
def _rules() -> dict[str, list[Rule]]:
    rules: dict[str, list[Rule]] = {}
    for rule in grammar.concrete_parser().rules:
        rules.setdefault(str(rule.origin.name), []).append(rule)
    return rules


@cache
def _texts() -> dict[str, str]:
    return {t.name: t.pattern.value for t in grammar.concrete_parser().terminals if t.pattern.type == "str"}


@cache
def _heights() -> dict[str, int]:
    """The least depth of a derivation of each rule."""
    heights: dict[str, int] = {}
    while len(heights) < len(_rules()):
        for name, rules in _rules().items():
            known = [
                1 + max((heights[s.name] for s in rule.expansion if isinstance(s, NonTerminal)), default=0)
                for rule in rules
                if all(isinstance(s, Terminal) or s.name in heights for s in rule.expansion)
            ]
            if known:
                heights[name] = min(min(known), heights.get(name, 1000))
    return heights


def sentence(chance: random.Random, start: str = "start", depth: int = 14) -> list[str]:
    """The words and signs of a random text that the grammar accepts."""
    words: list[str] = []
    rest: list[tuple[object, int]] = [(NonTerminal(start), depth)]
    while rest:
        symbol, left = rest.pop()
        if isinstance(symbol, Terminal):
            words.append(_word(symbol.name, chance))
        elif isinstance(symbol, NonTerminal) and symbol.name == "lock_mode":
            words.append(chance.choice(("read", "write")))
        elif isinstance(symbol, NonTerminal):
            rule = _rule(str(symbol.name), left, chance)
            rest += [(part, left - 1) for part in reversed(rule.expansion)]
    return words


def _rule(name: str, left: int, chance: random.Random) -> Rule:
    rules = _rules()[name]
    heights = [
        1 + max((_heights()[s.name] for s in rule.expansion if isinstance(s, NonTerminal)), default=0) for rule in rules
    ]
    fitting = [rule for rule, height in zip(rules, heights, strict=True) if height <= left]
    return chance.choice(fitting or [rules[heights.index(min(heights))]])


def _word(terminal: str, chance: random.Random) -> str:
    if terminal in _texts():
        return _texts()[terminal]
    return chance.choice(
        {"NAME": NAMES, "STRING": STRINGS, "INT": ("0", "2", "12"), "COMPARE": ("==", "<=", "<")}[terminal]
    )


def words_of(text: str) -> list[str]:
    """The words and signs of a text that parses."""
    return [str(token) for token in tokens_of(grammar.read(grammar.concrete_parser(), text, 0))]


def spread(words: list[str], chance: random.Random, comments: float) -> tuple[str, list[str]]:
    """The words with random blanks, line ends, `;` and comments between them, and the comments in order."""
    parts: list[str] = []
    written: list[str] = []
    for word in [*words, ""]:
        gap = chance.choices((" ", "\n", "\n\n", "  ", ";", "\r\n", " \t"), (60, 8, 2, 4, 1, 1, 1))[0]
        while chance.random() < comments:
            comment = chance.choice(COMMENTS)
            written.append(comment)
            gap += chance.choice(("", "\n", "\n\n  ")) + comment + chance.choice(("\n", "\n\n", "\r\n"))
        parts += [gap, word]
    return "".join(parts), written
