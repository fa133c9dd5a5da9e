"""The policy table: for each model, what holds under which policy and fixes; rows are properties, columns the options
of the model's first `choice`.

    models/uffd_wp.cow                    mapcount  page_count       anon_exclusive
    cow_invisible
      none of flush_in_ptl, keep_write    proved    refuted 8 steps  proved
      any of flush_in_ptl, keep_write     proved    proved           proved
    no_stale_writable_tlb                 proved    proved           proved

Settings of the other switches that lead to the same row of cells share one; the words say which they are.
"""

from collections.abc import Callable, Sequence

from cowspec.judge.cubes import Cube, prime_cubes
from cowspec.judge.results import Claim, Finding, ModelReport, Result
from cowspec.report.ascii import wrap
from cowspec.system.ir import Setting, Switch, System

Paint = Callable[[str, str], str]
"""Text and its role ("good", "bad", "weak", "strong") to text with colour, or unchanged."""

Key = tuple[str | None, str]
"""A row of the table before it is split: the scenario, if any, and the property."""


def unpainted(text: str, role: str) -> str:
    return text


def table(report: ModelReport, width: int, paint: Paint = unpainted) -> list[str]:
    """The table of one model."""
    choice = next((switch for switch in report.system.switches if not switch.is_fix), None)
    heads = [option for option, _ in choice.options] if choice is not None else [""]
    rows: list[tuple[str, list[list[Result]] | None]] = []
    for key in dict.fromkeys((result.scenario, result.property) for result in report.results):
        rows += _rows_of(report, key, choice, heads)
    if not rows:
        return [paint(report.path, "strong"), "  no results"]
    texts = [[_cell(results) for results in cells] if cells is not None else None for _, cells in rows]
    widths = [max(len(head), *(len(row[i]) for row in texts if row is not None)) for i, head in enumerate(heads)]
    room = max(24, width - sum(widths) - 2 * len(widths))
    labels = [wrap(label, room, label[: len(label) - len(label.lstrip())], "    ") for label, _ in rows]
    first = max(len(line) for lines in [*labels, [report.path]] for line in lines)
    lines = [_line(paint(report.path, "strong"), len(report.path), heads, first, widths)]
    for label, (_, cells), shown in zip(labels, rows, texts, strict=True):
        if shown is None or cells is None:
            lines += label
            continue
        painted = [paint(text, _role(results)) for text, results in zip(shown, cells, strict=True)]
        gaps = [w - len(text) for w, text in zip(widths, shown, strict=True)]
        tail = "".join("  " + text + " " * gap for text, gap in zip(painted, gaps, strict=True)).rstrip()
        lines += [label[0].ljust(first) + tail, *label[1:]]
    return lines


def legend(reports: Sequence[ModelReport], width: int) -> list[str]:
    """What the options of the switches and the names of the properties in these tables stand for."""
    said: dict[tuple[str, str], None] = {}
    for report in reports:
        for switch in report.system.switches:
            for option, text in switch.options:
                if not switch.is_fix:
                    said.setdefault((f"{switch.name}={option}", text))
                elif option == "on":
                    said.setdefault((switch.name, text))
        names = {result.property for result in report.results}
        for prop in report.system.properties:
            if prop.name in names and prop.text:
                said.setdefault((prop.name, prop.text))
        for scenario in report.system.scenarios:
            if scenario.text and any(result.scenario == scenario.name for result in report.results):
                said.setdefault((scenario.name, scenario.text))
    said = {entry: None for entry in said if entry[1]}
    first = min(max((len(name) for name, _ in said), default=0), 28) + 2
    lines: list[str] = []
    for name, text in said:
        lines += wrap(f"{name.ljust(first)}", width) if len(name) + 2 > first else []
        lines += hanging("" if len(name) + 2 > first else name, text, first, width)
    return lines


def verdict_text(result: Result) -> str:
    """The verdict in words; there is no violation of a cover, but a run that reaches it."""
    if result.kind == "cover" and result.verdict == Finding.NO_VIOLATION:
        return "not reached"
    return result.verdict.replace("_", " ")


def cell_text(result: Result) -> str:
    """`proved`, `proved at Cpu=2, Page=3`, `refuted 8 steps`, `unknown`; `!` marks what is not as declared."""
    text = verdict_text(result)
    if result.claim == Claim.SCOPE and result.scope is not None and result.scenario is None:
        text += " at " + ",".join(f"{sort}={size}" for sort, size in result.scope)
    elif result.verdict == Finding.NO_VIOLATION:
        text += f" in {result.steps}"
    elif result.steps is not None and result.claim == Claim.TRACE:
        text += f" {result.steps} step" + ("" if result.steps == 1 else "s")
    if result.expected is None and result.verdict == Finding.UNKNOWN:
        text = "not declared"
    return text + ("" if result.as_declared else " !")


def words(switches: tuple[Switch, ...], settings: Sequence[Setting]) -> str:
    """The settings in words: `none of a, b`, `any of a, b`, `a and no b; c`; empty for all settings."""
    found = prime_cubes(switches, settings)
    fixes = {switch.name for switch in switches if switch.is_fix}
    if found == ((),):
        return ""
    if len(found) > 1 and all(len(cube) == 1 and cube[0][0] in fixes for cube in found):
        if all(cube[0][1] == "on" for cube in found):
            return "any of " + ", ".join(cube[0][0] for cube in found)
        if all(cube[0][1] == "off" for cube in found):
            return "not all of " + ", ".join(cube[0][0] for cube in found)
    return "; ".join(_cube_words(cube, fixes) for cube in found)


def _cube_words(cube: Cube, fixes: set[str]) -> str:
    off = [name for name, option in cube if name in fixes and option == "off"]
    parts = [f"{name}={option}" for name, option in cube if name not in fixes]
    parts += [name for name, option in cube if name in fixes and option == "on"]
    if len(off) > 1:
        parts.append("none of " + ", ".join(off))
    else:
        parts += [f"no {name}" for name in off]
    return " and ".join(parts)


def _rows_of(
    report: ModelReport, key: Key, choice: Switch | None, heads: list[str]
) -> list[tuple[str, list[list[Result]] | None]]:
    """The rows of one property: a single one, or its name and below it one for each group of settings."""
    mine = [result for result in report.results if (result.scenario, result.property) == key]
    name = _name(mine[0])
    others = tuple(switch for switch in report.system.switches if switch != choice)
    found: dict[tuple[Setting, str], list[int]] = {}
    for number, result in enumerate(mine):
        for setting in result.settings:
            rest = tuple(pair for pair in setting if choice is None or pair[0] != choice.name)
            option = dict(setting)[choice.name] if choice is not None else ""
            found.setdefault((rest, option), []).append(number)
    groups: dict[tuple[tuple[str, ...], ...], list[Setting]] = {}
    for rest in dict.fromkeys(rest for rest, _ in found):
        row = tuple(tuple(_alike(mine[n]) for n in found.get((rest, head), [])) for head in heads)
        groups.setdefault(row, []).append(rest)
    rows: list[tuple[str, list[list[Result]] | None]] = []
    if len(groups) > 1:
        rows.append((name, None))
    for number, rests in enumerate(groups.values()):
        cells = [
            [mine[n] for n in dict.fromkeys(n for rest in rests for n in found.get((rest, head), []))] for head in heads
        ]
        said = words(others, rests) if len(groups) > 1 else ""
        if number == len(groups) - 1 and len(said) > 60:
            said = "otherwise"
        label = f"  {said or 'any'}" if len(groups) > 1 else name
        rows.append((label, cells))
    return rows


def _name(result: Result) -> str:
    if result.scenario is not None:
        return f"scenario {result.scenario}{': ' if result.property else ''}{result.property}"
    return f"{result.kind} {result.property}" if result.kind in ("cover", "lemma") else result.property


def _alike(result: Result) -> str:
    """Results with the same word here share a cell, whatever their numbers of steps."""
    return f"{result.verdict} {result.claim} {result.scope if result.claim == Claim.SCOPE else ''} {result.as_declared}"


def _cell(results: list[Result]) -> str:
    """One cell; runs of different lengths give a range: `refuted 8-9 steps`."""
    runs = [result for result in results if result.claim == Claim.TRACE and result.steps is not None]
    lengths = sorted({result.steps for result in runs if result.steps is not None})
    if len(lengths) > 1 and len({_alike(result) for result in results}) == 1:
        text = f"{results[0].verdict} {lengths[0]}-{lengths[-1]} steps"
        return text + ("" if results[0].as_declared else " !")
    return "; ".join(dict.fromkeys(cell_text(result) for result in results)) or "-"


def _role(results: list[Result]) -> str:
    if not all(result.as_declared for result in results):
        return "bad"
    good = {Finding.PROVED, Finding.HOLDS, Finding.REACHED, Finding.UNREACHABLE}
    return "good" if results and all(result.verdict in good for result in results) else "weak"


def _line(label: str, length: int, heads: list[str], first: int, widths: list[int]) -> str:
    cells = "".join("  " + head.ljust(w) for head, w in zip(heads, widths, strict=True))
    return (label + " " * (first - length) + cells).rstrip()


def hanging(name: str, text: str, first: int, width: int) -> list[str]:
    """A name and, from column `first` on, its text."""
    lines = wrap(text, max(width - first, 20))
    return [(name.ljust(first) if n == 0 else " " * first) + line for n, line in enumerate(lines)]


def switches_text(system: System) -> list[str]:
    """The switches with their options, one a line, for `list`."""
    lines = []
    for switch in system.switches:
        if switch.is_fix:
            lines.append(f"fix {switch.name}  {switch.options[-1][1]}".rstrip())
        else:
            lines.append(f"choice {switch.name}")
            lines += [f"  {option}  {text}".rstrip() for option, text in switch.options]
    return lines
