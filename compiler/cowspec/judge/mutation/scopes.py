"""At which scopes runs of mutants are searched, and in which order.

An operation with two parameters of a sort mostly wants two elements: a fork does nothing where there is one process,
and that a child forks in turn takes three. So there are scopes at which each operation has as many elements as it
names, and one more; for a change of such an operation the scopes that have as many come first.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from cowspec.engines.scopes import counted_scope, default_scope, elements
from cowspec.judge.plan import Question
from cowspec.judge.selection import Selection, sizes_of
from cowspec.system.ir import Scope, StepKind, System

CPU = "Cpu"  # the sort of whoever takes steps


def scopes_of(system: System, selection: Selection, claims: Sequence[Question]) -> tuple[Scope, ...]:
    """The scope that was asked for. Else a small one, that with one CPU more; if an operation names several elements of
    a sort, those with as many and with one more; those of the claims that speak of a scope; those of other
    expectations, as far as they are no smaller; the default; smallest first."""
    sizes = sizes_of(system, selection)
    if sizes:
        return (default_scope(system, sizes),)
    least = counted_scope(system, {})
    own = [default_scope(system, dict(claim.scope)) for claim in claims if claim.scope]
    named = [default_scope(system, dict(line.scope)) for line in system.expectations if line.scope]
    raised = [_raised(scope, dict(least)) for scope in named]
    more = tuple((sort, size + (sort == CPU)) for sort, size in least)
    several = {sort: n for each in named_by(system).values() for sort, n in each.items() if n > 1}
    wide = [_raised(least, {sort: n + extra for sort, n in several.items()}) for extra in (0, 1)] if several else []
    return tuple(sorted(dict.fromkeys([least, more, *wide, *own, *raised, default_scope(system, {})]), key=elements))


def named_by(system: System) -> dict[str, Mapping[str, int]]:
    """How many elements of each sort an operation has as parameters, by its name."""
    actions = {step.operation: step.params for step in system.steps if step.kind == StepKind.ACTION}
    procs = {proc.name: proc.params for proc in system.procs}
    return {name: Counter(param.domain for param in params) for name, params in (actions | procs).items()}


def fitting_first(system: System, steps: Collection[str], scopes: Sequence[Scope]) -> tuple[Scope, ...]:
    """The scopes that have as many elements as the operations of these steps name, then the others."""
    named = named_by(system)
    changed = {step.operation for step in system.steps if step.name in steps}
    sizes = [named[operation] for operation in changed if operation in named]

    def is_small(scope: Scope) -> bool:
        return any(count > dict(scope).get(sort, count) for each in sizes for sort, count in each.items())

    return tuple(sorted(scopes, key=is_small))


def _raised(scope: Scope, least: Mapping[str, int]) -> Scope:
    return tuple((sort, max(size, least.get(sort, 1))) for sort, size in scope)
