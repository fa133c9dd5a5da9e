"""How much inference finds by itself: all lemmas of model and library are left out, the proof must come back.

`python tests/bench/infer.py [WORD...]` runs the cases whose line contains one of the words, one after the other, and
prints a row of a table for each: what was to be proved, lemmas found, literals, how many lemmas came from templates,
counterexamples to induction met, seconds of processor time; `-v`: the lemmas, too. A case is a property and a line of a
model's expectations that says `proved`, under all settings of the line at once; of the protocols each invariant. Not
part of the test suite: a case may take minutes. `inferred.md` has the rows of one run.
"""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "compiler"))

from cowspec.cli.load import load_systems  # noqa: E402
from cowspec.engines.inference.infer import Inferred, infer, reachable  # noqa: E402
from cowspec.report.formulas import expression  # noqa: E402
from cowspec.syntax.ast import ExpectedKind, PropertyKind  # noqa: E402
from cowspec.system.ir import System  # noqa: E402
from cowspec.verdict import Limits  # noqa: E402

SECONDS = 300.0
"""Of processor time, for the search of one case; it is killed after four times as many by the clock."""


def main() -> None:
    words = [word for word in sys.argv[1:] if word != "-v"]
    if words[:1] == ["--one"]:
        print(row(words[1], int(words[2]), words[3], is_verbose="-v" in sys.argv), flush=True)
        return
    for path, line, name in cases():
        if words and not any(word in f"{path} {name} line {line}" for word in words):
            continue
        command = [sys.executable, __file__, "--one", path, str(line), name, *(["-v"] if "-v" in sys.argv else [])]
        try:
            done = subprocess.run(command, timeout=4 * SECONDS, capture_output=True, text=True, check=False)
            print(done.stdout.rstrip() or f"| {path} | {name} | failed: {done.stderr.strip().splitlines()[-1:]} |")
        except subprocess.TimeoutExpired:
            print(f"| {path} | {name} | line {line} | no answer |")
        sys.stdout.flush()


def cases() -> Iterator[tuple[str, int, str]]:
    """File, number of the expectation, property."""
    for folder in ("tests/bench/protocols", "models"):
        for path in sorted((ROOT / folder).glob("*.cow")):
            (system,) = load_systems([str(path)])
            invariants = {prop.name for prop in system.properties if prop.kind is PropertyKind.INVARIANT}
            for number, line in enumerate(system.expectations):
                if line.verdict is ExpectedKind.PROVED and not line.scope:
                    for name in line.properties:
                        if name in invariants:
                            yield str(path.relative_to(ROOT)), number, name


def row(path: str, number: int, name: str, *, is_verbose: bool) -> str:
    (system,) = load_systems([str(ROOT / path)])
    when = system.expectations[number].when
    found = infer(
        system, [name], when, Limits(), seconds=SECONDS, from_scratch=True, samples=partial(reachable, system, when, 0)
    )
    return "\n".join([_figures(path, number, name, found), *(_lemmas(system, found) if is_verbose else ())])


def _figures(path: str, number: int, name: str, found: Inferred) -> str:
    verdict = "proved" if found.is_proved else f"open: {found.stuck.reason}" if found.stuck else "open"
    literals = sum(lemma.literals for lemma in found.lemmas)
    made = sum(lemma.reason == "a template" for lemma in found.lemmas)
    model = Path(path).stem
    return (
        f"| {model} | {name} | line {number} | {verdict} | {len(found.lemmas)} | {literals} | {made} |"
        f" {found.effort.counterexamples} | {found.effort.seconds:.1f} |"
    )


def _lemmas(system: System, found: Inferred) -> list[str]:
    return [f"    {expression(system, lemma.prop.formula)}   // {lemma.reason}" for lemma in found.lemmas]


if __name__ == "__main__":
    main()
