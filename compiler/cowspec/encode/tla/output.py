"""What TLC says (with `-tool`), read line by line: messages between `@!@!@STARTMSG code:class` and `ENDMSG`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_START = re.compile(r"@!@!@STARTMSG (\d+):(\d+) @!@!@")
_END = re.compile(r"@!@!@ENDMSG \d+ @!@!@")
_COUNTS = re.compile(r"([\d,]+) states generated.*?([\d,]+) distinct states found", re.DOTALL)
_LEFT = re.compile(r"([\d,]+) states left on queue")
_DEPTH = re.compile(r"depth of the complete state graph search is (\d+)")
_VIOLATED = re.compile(r"(?:Invariant|Action property|Property) (\S+) is violated")
_SUCCESS, _STATE, _PROGRESS = "2193", "2217", "2200"
_BEHAVIOR = "2121"
_PHASES = {"2220": "reading the module", "2189": "start states"}
_ERROR = "1"  # the class of messages that are errors


@dataclass(frozen=True, slots=True)
class TlcReport:
    """`complete`: every state was seen and nothing violated. `violated`: the definition, with the states that lead
    there as text. `errors`: everything else that TLC complains of. `depth`: steps to the farthest state."""

    generated: int = 0
    distinct: int = 0
    depth: int | None = None
    complete: bool = False
    violated: str | None = None
    states: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    code: str
    kind: str
    text: str


def messages(lines: Iterable[str]) -> Iterable[Message]:
    """The messages as they come; what stands between them is of code and class ""."""
    code, kind, text = "", "", list[str]()
    for line in lines:
        line = line.rstrip("\r\n")
        if found := _START.search(line):
            code, kind, text = found[1], found[2], []
        elif _END.search(line):
            yield Message(code, kind, "\n".join(text))
            code, kind, text = "", "", []
        elif code:
            text.append(line)
        elif line:
            yield Message("", "", line)


def add(report: TlcReport, message: Message) -> TlcReport:
    """The report with one more message in it."""
    text = message.text
    if found := _COUNTS.search(text):
        generated, distinct = (int(number.replace(",", "")) for number in found.groups())
        report = replace(report, generated=generated, distinct=distinct)
    if message.code in _PHASES:
        return replace(report, progress=_PHASES[message.code])
    if message.code == _PROGRESS:
        left = _LEFT.search(text)
        said = f"{report.distinct} distinct states" + (f", {left[1]} on the queue" if left else "")
        return replace(report, progress=said)
    if found := _DEPTH.search(text):
        return replace(report, depth=int(found[1]) - 1)
    if message.code == _SUCCESS:
        return replace(report, complete=True)
    if message.code == _STATE:
        return replace(report, states=(*report.states, text.partition("\n")[2]))
    if message.kind == _ERROR and message.code != _BEHAVIOR:
        return _complaint(report, text)
    return report


def _complaint(report: TlcReport, text: str) -> TlcReport:
    if found := _VIOLATED.search(text):
        first = text.partition("initial state:")[2]
        return replace(report, violated=found[1], states=(first,) if first.strip() else ())
    return replace(report, errors=(*report.errors, text))


def read(lines: Iterable[str]) -> TlcReport:
    """The report of a finished run."""
    report = TlcReport()
    for message in messages(lines):
        report = add(report, message)
    return report
