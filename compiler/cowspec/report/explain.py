"""`explain` in text and JSON: what a code or a verdict means (the codes are rows of `codes.py`)."""

import json
from collections.abc import Iterable

from cowspec.codes import CODES
from cowspec.judge.results import Finding
from cowspec.report.ascii import wrap
from cowspec.report.table import hanging

VERDICTS = {
    Finding.PROVED: "It holds for any number of elements of each sort, at any depth: by an inductive invariant, whose "
    "obligations Z3 has answered and a fresh solver has confirmed. With sizes (`proved at Cpu=2, Page=3`): for these "
    "sizes, at any depth, by a search of all states (engine `explicit`) or, where they are too many, by an invariant "
    "that is inductive at that scope, which a second SAT solver has confirmed (engine `pdr`).",
    Finding.REFUTED: "A run of the model violates it. The run is the shortest one at the scope that is named, and the "
    "evaluator has replayed it step by step.",
    Finding.NO_VIOLATION: "No run of up to so many steps violates it at the scope that is named. Nothing is proved.",
    Finding.UNKNOWN: "Nothing is claimed. The reason says what was tried: a time limit, a missing lemma, a search that "
    "found nothing. It never counts as declared.",
    Finding.REACHED: "Of a cover: a run leads to a state that has it. The evaluator has replayed the run.",
    Finding.UNREACHABLE: "Of a cover: no reachable state has it, proved as an invariant is.",
    Finding.VIOLATED: "Of a scenario: some run of the script violates the property.",
    Finding.HOLDS: "Of a scenario: some run of the script gets to its end, and none violates the property.",
    Finding.BLOCKED: "Of a scenario: no run of the script gets to its end.",
    "vacuous": "What is proved is worth nothing: the model has no start state, a step never fires, or a property has "
    "nothing to violate (V701, V702, V703). Exit status 7.",
}


def kind_of(code: str) -> str:
    """`error`, `warning`, `vacuous`, `note` or `result`."""
    return {"E": "error", "W": "warning", "V": "vacuous", "N": "note", "R": "result"}[code[0]]


def known() -> tuple[str, ...]:
    """Everything that can be explained."""
    return (*CODES, *VERDICTS)


def explain_text(names: Iterable[str], width: int) -> str:
    """The explanations of known codes and verdicts."""
    parts = []
    for name in names:
        if name in VERDICTS:
            lines = [name, "", *wrap(VERDICTS[name], width, "  ", "  ")]
        else:
            row = CODES[name]
            lines = [f"{kind_of(name)}[{name}]: {row.title}", "", *wrap(row.explanation, width, "  ", "  ")]
            lines += ["", f"  for example: {row.example}"]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def contents_text(width: int) -> str:
    """All codes and verdicts, one a line."""
    lines = [line for code, row in CODES.items() for line in hanging(code, row.title, 6, width)]
    return "\n".join([*lines, "", *wrap(f"verdicts: {', '.join(VERDICTS)}", width, "", "  ")]) + "\n"


def explain_json(names: Iterable[str]) -> str:
    """The same as an object of objects."""
    record: dict[str, dict[str, str]] = {}
    for name in names:
        if name in VERDICTS:
            record[name] = {"kind": "verdict", "explanation": VERDICTS[name]}
        else:
            row = CODES[name]
            said = {"title": row.title, "explanation": row.explanation, "example": row.example}
            record[name] = {"kind": kind_of(name), **said}
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"
