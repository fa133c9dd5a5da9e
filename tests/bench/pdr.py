"""Proofs at a scope: `python tests/bench/pdr.py`, the table of `pdr.md`.

Of each property, under one setting and at a scope: explicit search by the evaluator, and PDR with the lemmas of model
and library and without them. Processor seconds, with setting up and the second look; "-": not within the limit.
"""

import time
from dataclasses import replace

from cowspec.cli.load import load_systems
from cowspec.engines.pdr.prove import prove_at
from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.evaluate.replay import replay
from cowspec.evaluate.search import explore
from cowspec.judge.plan import either
from cowspec.system.ir import Scope, Setting, System
from cowspec.system.switches import all_settings
from cowspec.verdict import Limits

COUNTING = Limits(max_steps=1_000_000, timeout=15.0)
SEARCHING = Limits(timeout=60.0)
SMALL = {"Cpu": 2, "Mm": 1, "Va": 1, "Page": 2, "Value": 1, "Gup": 1, "Offset": 1, "Reference": 1}
SIZES: tuple[dict[str, int], ...] = (SMALL, {}, {"Cpu": 3, "Page": 4})
"""The second is the scope of those who name no sizes."""
ASKED: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("truncate", "truncated_unmapped", {"last_mapping": "by_mapcount", "recheck": "on"}),
    ("truncate", "no_use_after_free", {"last_mapping": "by_mapcount", "recheck": "off"}),
    ("uffd_wp", "cow_invisible", {"cow": "page_count", "flush_in_ptl": "on"}),
    ("uffd_wp", "no_use_after_free", {"cow": "page_count"}),
    ("vmsplice", "isolation", {"cow": "page_count"}),
    ("vmsplice", "cow_invisible", {"cow": "anon_exclusive"}),
)


def main() -> None:
    print(
        "| property | scope | explicit | states | pdr | frames, clauses | pdr, no lemmas | frames, clauses (orbits) |"
    )
    print("|---|---|---|---|---|---|---|---|")
    too_many: set[int] = set()  # states at a smaller scope
    for sizes in SIZES:
        for number, (model, name, wanted) in enumerate(ASKED):
            (system,) = load_systems([f"models/{model}.cow"])
            scope = default_scope(system, sizes)
            setting = next(each for each in all_settings(system) if wanted.items() <= dict(each).items())
            counted = "- | " if number in too_many else explicit(system, name, setting, scope)
            if counted.startswith("-"):
                too_many.add(number)
            cells = [counted, *(pdr(system, name, setting, scope, lemmas) for lemmas in (True, False))]
            print(f"| {model} {name} | {','.join(str(size) for _, size in scope)} | {' | '.join(cells)} |", flush=True)


def explicit(system: System, name: str, setting: Setting, scope: Scope) -> str:
    began = time.process_time()
    asked = tuple(prop for prop in system.properties if prop.name == name)
    found = explore(Machine(system, scope, setting), asked, COUNTING, up_to_symmetry=True, until_decided=True)
    seconds = f"{time.process_time() - began:.1f} s" if found.complete else "-"
    return f"{seconds} | {'' if found.complete else '> '}{found.states:,}"


def pdr(system: System, name: str, setting: Setting, scope: Scope, lemmas: bool) -> str:
    """Without lemmas: with the facts of the compiler only."""
    began = time.process_time()
    found = prove_at(
        system, name, either(system, [setting]), scope, replace(SEARCHING, max_steps=0),
        replay=replay, rest=lambda run: None, lemmas=lemmas,
    )  # fmt: skip
    if found.invariant is None:
        return f"- | {found.stopped or 'a run'}"
    count = len(found.invariant.clauses)
    said = f"{found.invariant.frames}, {count}" + (f" ({found.invariant.size:,})" if count else "")
    return f"{time.process_time() - began:.1f} s | {said}"


if __name__ == "__main__":
    main()
