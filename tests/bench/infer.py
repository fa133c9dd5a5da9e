"""How much inference finds by itself: hand-written lemmas are left out, the proofs must come back.

`python tests/bench/infer.py [WORD...]` runs the cases whose line contains one of the words, the models one after the
other, and prints a row of a table for each: what was to be proved, lemmas found, literals, how many of these came from
templates, counterexamples to induction met, seconds by the clock and of all processors; `-v`: the lemmas, too, and how
the search goes; `--alone`: without workers.
A case is a property and a line of a model's expectations that says `proved`, under all settings of the line at once; of
the protocols each invariant. Left out are the lemmas of the model's own file; `--from-scratch`: those of the library,
too. The cases of a model are searched together, as `cowspec infer` does: counterexamples are those of the model,
seconds are counted from the beginning of its search until the case was proved. Not part of the test suite: a model may
take minutes. `inferred.md` has the rows of one run.
"""

import gc
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "compiler"))

from cowspec.cli.load import load_systems  # noqa: E402
from cowspec.cli.main import COLLECT_AFTER  # noqa: E402
from cowspec.cli.meanwhile import meanwhile  # noqa: E402
from cowspec.cli.workers import default_jobs  # noqa: E402
from cowspec.engines.inference.claims import Claim  # noqa: E402
from cowspec.engines.inference.infer import Inferred, infer_all  # noqa: E402
from cowspec.report.formulas import expression  # noqa: E402
from cowspec.syntax.ast import ExpectedKind, PropertyKind  # noqa: E402
from cowspec.system.ir import System  # noqa: E402
from cowspec.system.lemmas import Written  # noqa: E402
from cowspec.verdict import Limits  # noqa: E402

SECONDS = 900.0
"""Of processor time, for the cases of one model; it is killed after three times as many by the clock."""

OPTIONS = ("-v", "--from-scratch", "--alone")

Case = tuple[int, str]
"""Number of the expectation, property."""


def main() -> None:
    words = [word for word in sys.argv[1:] if word not in OPTIONS]
    options = [word for word in sys.argv[1:] if word in OPTIONS]
    if words[:1] == ["--one"]:
        gc.set_threshold(*COLLECT_AFTER)  # as the command line does
        written = Written.NONE if "--from-scratch" in options else Written.LIBRARY
        print(rows(words[1], words[2:], written, is_verbose="-v" in options, is_alone="--alone" in options), flush=True)
        return
    for path in files():
        command = [sys.executable, __file__, "--one", path, *words, *options]
        if not chosen(path, words):
            continue
        try:
            done = subprocess.run(command, timeout=3 * SECONDS, stdout=subprocess.PIPE, text=True, check=False)
            print(done.stdout.rstrip() or f"| {path} | failed |")
        except subprocess.TimeoutExpired:
            print(f"| {path} | no answer |")
        sys.stdout.flush()


def files() -> Iterator[str]:
    for folder in ("tests/bench/protocols", "models"):
        for path in sorted((ROOT / folder).glob("*.cow")):
            yield str(path.relative_to(ROOT))


def cases(system: System) -> Iterator[Case]:
    invariants = {prop.name for prop in system.properties if prop.kind is PropertyKind.INVARIANT}
    for number, line in enumerate(system.expectations):
        if line.verdict is ExpectedKind.PROVED and not line.scope:
            for name in line.properties:
                if name in invariants:
                    yield number, name


def chosen(path: str, words: Sequence[str]) -> list[Case]:
    (system,) = load_systems([str(ROOT / path)])
    found = cases(system)
    return [case for case in found if not words or any(w in f"{path} {case[1]} line {case[0]}" for w in words)]


def rows(path: str, words: Sequence[str], written: Written, *, is_verbose: bool, is_alone: bool) -> str:
    (system,) = load_systems([str(ROOT / path)])
    mine = chosen(path, words)
    claims = [Claim(name, system.expectations[number].when) for number, name in mine]
    with meanwhile(1 if is_alone else default_jobs()) as beside:
        found = infer_all(
            system, claims, Limits(), seconds=SECONDS, written=written, beside=beside,
            say=(lambda text: print(text, file=sys.stderr, flush=True)) if is_verbose else (lambda _: None),
        )  # fmt: skip
    lines = []
    for case, each in zip(mine, found, strict=True):
        lines += [_figures(path, case, each), *(_lemmas(system, each) if is_verbose else ())]
    return "\n".join(lines)


def _figures(path: str, case: Case, found: Inferred) -> str:
    verdict = "proved" if found.is_proved else f"open: {found.stuck.reason}" if found.stuck else "open"
    literals = sum(lemma.literals for lemma in found.lemmas)
    made = sum(lemma.reason == "a template" for lemma in found.lemmas)
    number, name = case
    return (
        f"| {Path(path).stem} | {name} | line {number} | {verdict} | {len(found.lemmas)} | {literals} | {made} |"
        f" {found.effort.counterexamples} | {found.effort.seconds:.1f} | {found.effort.processor:.1f} |"
    )


def _lemmas(system: System, found: Inferred) -> list[str]:
    return [f"    {expression(system, lemma.prop.formula)}   // {lemma.reason}" for lemma in found.lemmas]


if __name__ == "__main__":
    main()
