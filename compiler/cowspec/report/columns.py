"""A run as kernel developers draw it: one column a CPU, one event a row, time runs downwards.

    CPU0                         CPU1
    ----                         ----
    mwriteprotect_range()
     [ clear W, set uffd_wp,
       defer flush ]
                                 do_wp_page()

In go a system and a trace, out come lines. A function's name stands where it is entered, its effects in brackets below
it, indented by one; a call made by a call is indented by two; silent steps are left out, but the last step is always
shown. Where a run speaks of different elements of a sort, the arguments say which (`munmap(mm1)`). Repetitions are
elided (`...`). At most four columns stand side by side: a fifth begins a new block below.
"""

import re
from dataclasses import dataclass
from itertools import groupby

from cowspec.evidence.names import element
from cowspec.report.ascii import fold, plain
from cowspec.system.ir import State, Step, StepKind, System
from cowspec.verdict import Trace, TraceStep

GAP = 2
MAX_COLUMNS = 4
ENVIRONMENT = "env"
_GLUE = "\x7f"  # stands for a blank at which no line is broken; no text contains it
_BRACKETED = re.compile(r"\[[^\[\]]*\]")


@dataclass(frozen=True, slots=True)
class Event:
    """What one step shows: the name of its column and its lines before wrapping, each with its indentation."""

    column: str
    lines: tuple[tuple[int, str], ...]


def columns(system: System, trace: Trace, width: int) -> list[str]:
    """The run drawn in at most `width` characters a line (at least 40); empty for a run that shows nothing."""
    lines: list[str] = []
    for block in _blocks(_elide(events(system, trace))):
        lines += ([""] if lines else []) + _draw(block, max(width, 40))
    return lines


def events(system: System, trace: Trace) -> list[Event]:
    """What there is to see, in order of time."""
    telling = _telling(system, trace)
    seen = []
    state = trace.start
    for number, (step, taken) in enumerate(_taken(system, trace), 1):
        texts = _with_arguments(system, step, taken, telling, _texts(step, taken))
        if not texts and number == len(trace.steps):
            texts = [step.name.removesuffix(":start").removesuffix(":leave")]
        if texts:
            column, cpu = _column(step, taken)
            depth = 0 if step.kind == StepKind.ACTION else _depth(system, step, state, cpu)
            seen.append(Event(column, _indented(texts, 2 * depth)))
        state = state if taken.state is None else taken.state
    return seen


def _texts(step: Step, taken: TraceStep) -> list[str]:
    """The pieces of a step's text and notes: function names, and effects in brackets."""
    pieces = _pieces(step.text or "")
    if step.kind == StepKind.START and (not pieces or pieces[0].startswith("[")):
        pieces.insert(0, f"{step.operation}()")
    for note in taken.notes:
        bare = "[" not in note and not note.rstrip().endswith(")")
        pieces += _pieces(f"[ {note.strip()} ]" if bare and note.strip() else note)
    return pieces


def _telling(system: System, trace: Trace) -> set[str]:
    """Sorts of which the run's arguments name different elements: only then does it matter which. Not CPUs, they have
    their columns; and only sorts that index ordinary state, so no values."""
    named: dict[str, set[int]] = {}
    for step, taken in _taken(system, trace):
        for binder, number in zip(step.params, taken.firing.args, strict=True):
            if binder.name != step.cpu:
                named.setdefault(binder.domain, set()).add(number)
    indices = {sort for var in system.vars if not var.ghost and "@" not in var.name for sort in var.index}
    cpus = {binder.domain for step in system.steps for binder in step.params if binder.name == step.cpu}
    return {sort for sort, numbers in named.items() if len(numbers) > 1 and sort in indices - cpus}


def _taken(system: System, trace: Trace) -> list[tuple[Step, TraceStep]]:
    steps = {step.name: step for step in system.steps}
    return [(steps[taken.firing.step], taken) for taken in trace.steps]


def _with_arguments(system: System, step: Step, taken: TraceStep, telling: set[str], texts: list[str]) -> list[str]:
    """`munmap(mm1)` for `munmap()`, `[ write to page (mm1) ]` for `[ write to page ]`."""
    named = zip(step.params, taken.firing.args, strict=True)
    said = ", ".join(
        element(system, binder.domain, number)
        for binder, number in named
        if binder.domain in telling and binder.name != step.cpu
    )
    if not texts or not said:
        return texts
    first, *rest = texts
    if first.endswith("()"):
        return [f"{first[:-1]}{said})", *rest]
    return [f"{first[:-2]} ({said}) ]" if first.endswith(" ]") else f"{first} ({said})", *rest]


def _pieces(text: str) -> list[str]:
    """`f() [ a ] [ b ]` in three."""
    pieces = []
    at = 0
    for match in _BRACKETED.finditer(text):
        pieces += [text[at : match.start()], match.group()]
        at = match.end()
    return [piece for piece in (plain(piece) for piece in [*pieces, text[at:]]) if piece]


def _indented(texts: list[str], indent: int) -> tuple[tuple[int, str], ...]:
    """Effects stand one further in than the function above them."""
    lines = []
    inside = 0
    for text in texts:
        bracketed = text.startswith("[")
        lines.append((indent + (inside if bracketed else 0), text))
        inside = inside if bracketed else 1
    return tuple(lines)


def _column(step: Step, taken: TraceStep) -> tuple[str, int | None]:
    for binder, number in zip(step.params, taken.firing.args, strict=True):
        if binder.name == step.cpu:
            return f"{binder.domain.upper()}{number}", number
    return ENVIRONMENT, None


def _depth(system: System, step: Step, state: State, cpu: int | None) -> int:
    """How many calls on this CPU wait for the one that takes the step."""
    if cpu is None:
        return 0
    counters = {f"{proc.name}@pc" for proc in system.procs if proc.name != step.operation}
    return sum(
        1
        for var, table in zip(system.vars, state, strict=True)
        if var.name in counters and cpu < len(table) and table[cpu] is not None
    )


def _elide(seen: list[Event]) -> list[Event]:
    """Of three or more equal events in a row, the first and the last, with `...` between."""
    kept: list[Event] = []
    for event, again in groupby(seen):
        times = len(list(again))
        kept += [event] * times if times < 3 else [event, Event(event.column, ((event.lines[0][0], "..."),)), event]
    return kept


def _blocks(seen: list[Event]) -> list[list[Event]]:
    """The events cut where a fifth column would be needed."""
    blocks: list[list[Event]] = []
    names: set[str] = set()
    for event in seen:
        if not blocks or len(names | {event.column}) > MAX_COLUMNS:
            blocks.append([])
            names = set()
        names.add(event.column)
        blocks[-1].append(event)
    return blocks


def _draw(block: list[Event], width: int) -> list[str]:
    names = sorted({event.column for event in block}, key=_rank)
    widths = dict(zip(names, _widths(block, names, width), strict=True))
    wrapped = [(event.column, line) for event in block for line in _wrapped(event, widths[event.column])]
    used = [max([len(name), *(len(line) for column, line in wrapped if column == name)]) for name in names]
    starts = {name: sum(used[:i]) + GAP * i for i, name in enumerate(names)}
    heads = [_row(names, starts), _row(["-" * len(name) for name in names], starts)]
    return heads + [" " * starts[column] + line for column, line in wrapped]


def _wrapped(event: Event, width: int) -> list[str]:
    """The lines of an event; what is continued stands inside its bracket, or one further in."""
    lines = []
    for indent, text in event.lines:
        hang = indent + (2 if text.startswith("[") else 1)
        lines += [line.replace(_GLUE, " ") for line in fold(_glued(text), width, " " * indent, " " * hang)]
    return lines


def _rank(name: str) -> tuple[bool, str, int]:
    """CPUs by number, the environment last."""
    letters = name.rstrip("0123456789")
    return name == ENVIRONMENT, letters, int(name[len(letters) :] or 0)


def _widths(block: list[Event], names: list[str], width: int) -> list[int]:
    """What each column needs; if that is too much, the widest are narrowed, down to their longest words if need be."""
    mine = [[line for event in block if event.column == name for line in event.lines] for name in names]
    needs = [
        max([len(n), *(indent + len(text) for indent, text in lines)]) for n, lines in zip(names, mine, strict=True)
    ]
    words = [
        max([len(n), *(indent + 2 + len(word) for indent, text in lines for word in _glued(text).split())])
        for n, lines in zip(names, mine, strict=True)
    ]
    room = width - GAP * (len(names) - 1)
    if sum(words) > room:
        words = [8 for _ in words]
    cap = max(needs)
    while cap > 8 and sum(min(need, max(cap, word)) for need, word in zip(needs, words, strict=True)) > room:
        cap -= 1
    return [min(need, max(cap, word)) for need, word in zip(needs, words, strict=True)]


def _glued(text: str) -> str:
    """The brackets of an effect never stand alone on a line."""
    return text.replace("[ ", "[" + _GLUE).replace(" ]", _GLUE + "]")


def _row(cells: list[str], starts: dict[str, int]) -> str:
    line = ""
    for cell, start in zip(cells, starts.values(), strict=True):
        line = line.ljust(start) + cell
    return line
