"""Says in words of the language what lark found wrong: one diagnostic for one `UnexpectedInput`.

`Situation` is all that the explanations look at. Each of them returns a diagnostic or None, and the first one that
knows the mistake wins; the last knows every mistake.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from cowspec.diagnostics import Diagnostic
from cowspec.source import Source, Span
from cowspec.syntax.grammar import rest_of
from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

Unexpected = UnexpectedInput

# Signs of other languages, with what to write here; the longest that stands at the place counts.
FOREIGN = {
    "&&": "and", "/\\": "and", "∧": "and", "&": "and",
    "||": "or", "\\/": "or", "∨": "or", "!==": "!=", "!": "not", "~": "not", "¬": "not", "|": "where",
    "<==>": "==", "<=>": "==", "<->": "==", "===": "==", "≡": "==", "⇔": "==",
    "==>": "->", "=>": "->", "→": "->", "⇒": "->", "<>": "!=", "/=": "!=", "≠": "!=", "≤": "<=", "≥": ">=",
    "∀": "forall", "∃": "exists", "#": "//", "/*": "//", "'": '"',
}  # fmt: skip
LONGEST_FOREIGN = max(map(len, FOREIGN))

DECLARATIONS = {
    "MODULE", "USE", "ORDERED", "SORT", "STRUCT", "ENUM", "GHOST", "VAR", "MUTEX", "RWLOCK", "SEQCOUNT", "INIT",
    "COST", "CHOICE", "FIX", "DEF", "MACRO", "ACTION", "PROC", "INVARIANT", "LEMMA", "COVER", "TRANSITION", "SCENARIO",
    "EXPECT", "SURVIVORS",
}  # fmt: skip
STATEMENTS = {
    "REQUIRE", "IF", "MATCH", "LET", "FORALL", "ACQUIRE", "RELEASE", "DOWNGRADE", "BEGIN", "GOTO", "RETURN", "NOTE",
    "SPEND", "CALL", "NAME",
}  # fmt: skip
EXPRESSIONS = {
    "NAME", "INT", "TRUE", "FALSE", "NONE", "SELF", "NO", "COUNT", "MATCH", "LPAR", "LBRACE", "NOT", "FORALL",
    "EXISTS", "IF", "CHOOSE", "ANY",
}  # fmt: skip
OPERATORS = {
    "AND", "OR", "IMPLIES", "COMPARE", "PLUS", "AT", "DOT", "LSQB", "LPAR",
}  # fmt: skip
GROUPS = (
    ("TRUE", EXPRESSIONS, "an expression"),
    ("AND", OPERATORS, "an operator"),
    ("REQUIRE", STATEMENTS, "a statement"),
    ("PROC", DECLARATIONS, "a declaration"),
)
OTHER_WORDS = {"NAME": "a name", "INT": "a number", "STRING": "a text in quotes", "$END": "the end of the text"}
OPENING = ("LBRACE", "LPAR", "LSQB")
CLOSING = ("RBRACE", "RPAR", "RSQB")
USED_AS_NAME = re.compile(r"[ \t]*(?:\[|:=|\.)")


@dataclass(frozen=True, slots=True)
class Situation:
    """Where parsing stopped. `accepts` has the terminals that could stand here instead of `token`."""

    source: Source
    token: Token
    span: Span
    accepts: frozenset[str]
    signs: dict[str, str]  # terminal -> text, of the terminals with one text only
    stack: tuple[Token, ...]  # the tokens of the rules that are still open, outermost first
    nearest: tuple[str, ...]  # terminals and rules of the last three things read, as far as not part of another
    previous: str  # up to 80 characters of the text before the place

    @property
    def text(self) -> str:
        return str(self.token)

    def says(self, code: str, message: str, hint: str | None = None, label: str = "") -> Diagnostic:
        return Diagnostic(code, message, self.span, label, hint=hint)


def diagnose(error: UnexpectedInput, parser: Lark, source: Source, start: int) -> tuple[Diagnostic, int]:
    """The diagnostic for a text read from `start`, and the offset from which to look for the next declaration."""
    if isinstance(error, UnexpectedCharacters):
        place = error.pos_in_stream or 0
        return _explain_character(source, place), place
    assert isinstance(error, UnexpectedToken)
    situation = _situation(error.token, parser, source, start)
    for explain in EXPLANATIONS:
        problem = explain(situation)
        if problem is not None:
            return problem, situation.span.start
    raise AssertionError("the last explanation knows every mistake")


def _situation(token: Token, parser: Lark, source: Source, start: int) -> Situation:
    at_end = token.type == "$END"
    place = len(source.text) if at_end else token.start_pos or 0
    state = _state_before(parser, rest_of(source.text, start), place)
    values = state.parser_state.value_stack
    return Situation(
        source=source,
        token=token,
        span=Span(source.path, place, place if at_end else place + len(token)),
        accepts=frozenset(state.accepts()),
        signs={t.name: t.pattern.value for t in parser.terminals if t.pattern.type == "str"},
        stack=tuple(value for value in values if isinstance(value, Token)),
        nearest=tuple(value.type if isinstance(value, Token) else str(value.data) for value in values[-3:]),
        previous=source.text[max(start, place - 80) : place],
    )


def _state_before(parser: Lark, text: str, place: int) -> Any:
    """The parser as it was when it had read everything before `place`.

    NOTE(lalr): lark's own state at an error has already closed rules for the sake of the wrong token, and no longer
    knows all that could have stood there.
    """
    state: Any = parser.parse_interactive(text)
    for token in state.lexer_thread.lex(state.parser_state):
        if (token.start_pos or 0) >= place:
            break
        state.feed_token(token)
    return state


def _explain_character(source: Source, place: int) -> Diagnostic:
    """No word or sign begins at the place."""
    text = source.text
    if text[place] == '"':
        stop = _line_end(text, place)
        closing = text.find('"', place + 1, stop)
        if closing < 0:
            return Diagnostic("E004", 'a text without a closing `"`', Span(source.path, place, stop))
        return Diagnostic("E003", "a tab in a text", Span(source.path, place, closing + 1), hint="write blanks")
    sign = _foreign_sign(text, place)
    if sign is not None:
        return _explain_foreign(source, *sign)
    span = Span(source.path, place, place + 1)
    return Diagnostic("E003", f"no word or sign begins with the character `{text[place]}`", span)


def _line_end(text: str, place: int) -> int:
    ends = (text.find(end, place) for end in "\r\n")
    return min((end for end in ends if end >= 0), default=len(text))


def _foreign_sign(text: str, place: int) -> tuple[int, str] | None:
    """The longest sign of another language that covers the place, with its offset."""
    found = [
        (start, sign)
        for start in range(max(0, place - LONGEST_FOREIGN + 1), place + 1)
        for sign in FOREIGN
        if text.startswith(sign, start) and start + len(sign) > place
    ]
    return max(found, key=lambda entry: len(entry[1]), default=None)


def _explain_foreign(source: Source, start: int, sign: str) -> Diagnostic:
    ours = FOREIGN[sign]
    span = Span(source.path, start, start + len(sign))
    hint = {
        "where": "conditions follow `where`: `forall c: Cpu where idle(c): ...`",
        "//": "comments begin with `//` and end with the line",
        '"': 'texts stand in `"`',
    }.get(ours, f"write `{ours}`")
    return Diagnostic("E008", f"`{sign}` is no sign of the language", span, hint=hint)


# ---- explanations, in the order in which they are tried ------------------------------------------------------------


def _explain_end(it: Situation) -> Diagnostic | None:
    if it.token.type != "$END":
        return None
    return Diagnostic("E002", f"the text ends where {_expected(it)} should stand", it.span, more=_still_open(it))


def _still_open(it: Situation) -> tuple[tuple[Span, str], ...]:
    """The innermost open bracket, as a further place."""
    closed = 0
    for token in reversed(it.stack):
        closed += (token.type in CLOSING) - (token.type in OPENING)
        if closed < 0:
            start = token.start_pos or 0
            return ((Span(it.source.path, start, start + 1), "this is still open"),)
    return ()


def _explain_foreign_token(it: Situation) -> Diagnostic | None:
    """`=>`, or the second half of a sign whose first half is one of ours."""
    sign = _foreign_sign(it.source.text, it.span.start)
    return None if sign is None else _explain_foreign(it.source, *sign)


def _explain_equals(it: Situation) -> Diagnostic | None:
    if it.text == "=" and "ASSIGN" in it.accepts:
        return it.says("E009", "`=` is no assignment", "write `:=`")
    if it.text == "=" and "COMPARE" in it.accepts:
        return it.says("E009", "`=` compares nothing", "write `==`")
    if it.text in (":=", "==") and "EQUAL" in it.accepts:
        return it.says("E001", f"found `{it.text}`, expected `=`", "`:=` changes state, `=` gives a thing its meaning")
    if it.text == "==" and "ASSIGN" in it.accepts:
        return it.says("E001", "found `==`, expected `:=`", "a condition on a step is a `require`")
    return None


def _explain_quantifier(it: Situation) -> Diagnostic | None:
    if it.token.type in ("FORALL", "EXISTS", "IF") and "TRUE" in it.accepts:
        message = f"`{it.text}` after an operator needs parentheses"
        return it.says("E010", message, f"write `({it.text} ...)`, so that its end is seen")
    return None


def _explain_underscore(it: Situation) -> Diagnostic | None:
    if it.text != "_":
        return None
    return it.says("E011", "`_` stands for any value only as an argument in a line of a scenario")


def _explain_property(it: Situation) -> Diagnostic | None:
    if "property_kind" not in it.nearest or "COLON" not in it.accepts:
        return None
    return it.says("E012", f"found {_found(it)}, expected `:` before what the property says")


def _explain_order(it: Situation) -> Diagnostic | None:
    """`let` after `allow` or the script, `allow` after the script, the script after `expect`."""
    if "RBRACE" not in it.accepts or not any(token.type == "SCENARIO" for token in it.stack):
        return None
    if it.token.type == "LET" or it.token.type == "ALLOW":
        what = f"`{it.text}`"
    elif it.token.type == "NAME" and "EXPECT" in it.accepts:
        what = "a line of the script"
    else:
        return None
    hint = "first the `let` lines, then `allow`, then the script, then what is expected"
    return it.says("E013", f"{what} comes too late in the scenario", hint)


def _explain_local(it: Situation) -> Diagnostic | None:
    if it.token.type in ("VAR", "GHOST") and {"STEP", "RBRACE"} <= it.accepts:
        return it.says("E001", "a local variable after a step", "the locals stand before the first step")
    return None


def _explain_number(it: Situation) -> Diagnostic | None:
    if it.token.type != "INT" or not it.previous[-1:].isdigit():
        return None
    digits = re.compile("[0-9]+").match(it.source.text, it.span.start - 9)
    stop = digits.end() if digits else it.span.end
    return Diagnostic("E014", "a number with more than nine digits", Span(it.source.path, it.span.start - 9, stop))


def _explain_reserved(it: Situation) -> Diagnostic | None:
    """A word of the grammar where a name is declared or used."""
    if "NAME" not in it.accepts or not it.text.isidentifier() or it.token.type in ("NAME", "$END"):
        return None
    first_of_line = not it.previous.rpartition("\n")[2].strip()
    if "TRUE" in it.accepts or "REQUIRE" in it.accepts:
        meant = USED_AS_NAME.match(it.source.text, it.span.end) is not None
    else:
        meant = not (first_of_line and (it.token.type in DECLARATIONS or it.token.type == "STEP"))
    if not meant:
        return None
    return it.says("E005", f"`{it.text}` is a word of the language and cannot be a name", "choose another name")


def _explain_lock_mode(it: Situation) -> Diagnostic | None:
    """`acquire l read`, where `read` begins a statement as any name would."""
    found = re.search(r"\b(?:acquire\b.*\s)(read|write)\s*$", it.previous)
    if found is None or "ASSIGN" not in it.accepts:
        return None
    return it.says("E001", f"found {_found(it)}, expected {_expected(it)}", f"write `for {found.group(1)}`")


def _explain_anything(it: Situation) -> Diagnostic | None:
    more = _still_open(it) if it.token.type in DECLARATIONS else ()
    message = f"found {_found(it)}, expected {_expected(it)}"
    return Diagnostic("E001", message, it.span, more=more, hint=_guess(it))


def _guess(it: Situation) -> str | None:
    """What was perhaps meant: a word that looks like the one found, or like the one just before it."""
    if it.token.type == "COMPARE" and "AND" in it.accepts:
        return "comparisons do not chain: write `a == b and b == c`"
    if it.token.type == "CHOOSE":
        return "`choose` stands alone on the right of `:=`, or of `=` in a `let`"
    if it.token.type == "OPTIONAL":
        return "there are no optional values of optional values"
    wanted = {word for word in it.accepts if it.signs.get(word, "").isidentifier()}
    guesses = _similar(it.text, wanted, it.signs) if it.token.type == "NAME" else []
    last = re.search(r"([A-Za-z_]+)\s+$", it.previous)
    if not guesses and last is not None and last.group(1) not in it.signs.values():
        guesses = _similar(last.group(1), STATEMENTS | DECLARATIONS | {"STEP"}, it.signs)
    return f"did you mean `{guesses[0]}`?" if guesses else None


def _similar(word: str, terminals: Iterable[str], signs: dict[str, str]) -> list[str]:
    return get_close_matches(word, sorted(signs[name] for name in terminals if name in signs), n=1, cutoff=0.7)


EXPLANATIONS: tuple[Callable[[Situation], Diagnostic | None], ...] = (
    _explain_end,
    _explain_foreign_token,
    _explain_equals,
    _explain_underscore,
    _explain_quantifier,
    _explain_number,
    _explain_property,
    _explain_order,
    _explain_local,
    _explain_reserved,
    _explain_lock_mode,
    _explain_anything,
)


# ---- words ---------------------------------------------------------------------------------------------------------


def _found(it: Situation) -> str:
    if it.token.type == "STRING":
        return "a text in quotes"
    return f"`{it.text if len(it.text) <= 40 else it.text[:40] + '...'}`"


def _expected(it: Situation) -> str:
    """What could stand here: single words and signs, then groups by name."""
    rest = set(it.accepts)
    groups = []
    for mark, group, words in GROUPS:
        if mark in rest:
            groups.append(words)
            rest -= group
    if "a declaration" in groups:
        rest.discard("$END")
    parts = [OTHER_WORDS.get(name) or f"`{it.signs.get(name, name)}`" for name in sorted(rest)] + groups
    if len(parts) <= 2:
        return " or ".join(parts)
    return ", ".join(parts[:-1]) + ", or " + parts[-1]
