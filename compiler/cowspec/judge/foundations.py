"""What the any-size proofs of a report rest on, for those who ask for more: it takes longer than an easy proof.

In: a report. Out: the same, where the details of each proof say what is inductive together, and where quantifiers
alternate in a cycle over the sorts: there Z3 need not end.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from cowspec.encode.fol.fragment import Alternations, cycles
from cowspec.encode.relational.translate import translate
from cowspec.judge.results import ModelReport, Proof, Result
from cowspec.system.ir import Property, System
from cowspec.system.lemmas import with_lemmas

Fragments = Callable[[tuple[Property, ...]], Alternations]
"""Of the system with the lemmas found for a proof."""


def founded(report: ModelReport) -> ModelReport:
    """The report with details of its proofs."""
    fragments = cache(lambda lemmas: _fragment(with_lemmas(report.system, lemmas)))
    return replace(report, results=tuple(_founded(fragments, result) for result in report.results))


def _fragment(system: System) -> Alternations:
    relational = translate(system)
    named = (*relational.facts, *relational.properties)
    return Alternations(relational, dict(relational.typing) | {each.name: each.formula for each in named})


def _founded(fragments: Fragments, result: Result) -> Result:
    said = [line for proof in result.proofs for line in _of(fragments(proof.lemmas), result.property, proof)]
    return replace(result, details=(*result.details, *dict.fromkeys(said)))


def _of(fragment: Alternations, goal: str, proof: Proof) -> list[str]:
    part = proof.known.part((goal,))
    names = {name for _, name in part}
    conjuncts = tuple(each for each in proof.known.inductive if each in names)
    found = cycles(fragment.of(conjuncts, conjuncts))
    together = f"inductive together: {', '.join(conjuncts)}" if conjuncts else "nothing has to be inductive"
    return [
        f"{len(part)} obligation{'' if len(part) == 1 else 's'}; {together}",
        *(
            f"quantifiers alternate in a cycle over {', '.join(cycle.sorts)}: {', '.join(cycle.formulas)}"
            for cycle in found
        ),
        *(() if found else ("decidable fragment: no quantifiers alternate in a cycle over the sorts",)),
    ]
