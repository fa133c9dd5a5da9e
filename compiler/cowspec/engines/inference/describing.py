"""A state that must not be reached, and the clauses that exclude it.

In: a state of a counterexample to induction, samples of reachable states. Out: clauses that are false in the state and
that no sample contradicts, the cheapest first (`cover.py`): what a lemma might say.
"""

from collections.abc import Sequence

from cowspec.engines.inference.atoms import Atom, Literal, Names, atoms, is_frame
from cowspec.engines.inference.bitsets import Batch
from cowspec.engines.inference.clauses import Clause, clause, fresh_names
from cowspec.engines.inference.cover import Cover, Instances
from cowspec.system import ir
from cowspec.system.ir import Scope, Setting, State, System

MAX_NAMES = 9
"""A state is described by at most so many of its elements."""

MAX_ROUNDS, MAX_VAIN = 500, 2_000
"""The search for clauses against one state gives up after so many comparisons with the samples, or so many if it has
found none: a number and no time, so that what is found depends on the seed alone."""


def excluding(
    system: System,
    scope: Scope,
    state: tuple[State, Setting],
    batches: Sequence[Instances],
    *,
    many: int,
    spread: int,
    regions: Sequence[Atom] = (),
) -> list[Clause]:
    """At most so many clauses, none of which costs more than the cheapest by more than `spread`. `regions`: they may
    say that they hold in one of these regions of settings; not in two: of those that both hold of there may be no
    sample at all."""
    one = Batch(system, scope, [state])
    names, elements = elements_of(system, scope, state[0])
    literals = _literals(system, names, elements, one)
    count = len(literals)
    literals += [(atom, True) for atom in regions if one.holds(atom.formula, {})]
    cover = Cover(names, literals, batches, apart=range(count, len(literals)))
    found: list[Clause] = []
    cheapest: int | None = None
    for cost, cube in cover.cubes(lambda: cover.rounds > (MAX_ROUNDS if found else MAX_VAIN)):
        cheapest = cost if cheapest is None else cheapest
        if len(found) >= many or cost > cheapest + spread:
            break
        found.append(clause(names, [literals[k] for k in cube]))
    cover.close()
    return found


def elements_of(system: System, scope: Scope, state: State) -> tuple[Names, dict[str, int]]:
    """A name for each element, first those of which something is true in the state."""
    sizes = dict(scope) | {name: len(members) for name, members in system.enums}
    used: dict[tuple[str, int], int] = {}
    for var, table in zip(system.vars, state, strict=True):
        for place, value in enumerate(table):
            if value is None or value is False:
                continue
            rest = place
            for sort in reversed(var.index):
                rest, element = divmod(rest, sizes[sort])
                used[sort, element] = used.get((sort, element), 0) + 1
            if var.domain in system.sorts and not isinstance(value, bool) and value >= 0:
                used[var.domain or "", value] = used.get((var.domain or "", value), 0) + 1
    idle = [(sort, element) for sort, size in scope for element in range(size) if (sort, element) not in used]
    chosen = [*sorted(used, key=lambda key: (-used[key], key)), *idle][:MAX_NAMES]
    chosen.sort(key=lambda key: (system.sorts.index(key[0]), key[1]))
    names = fresh_names([sort for sort, _ in chosen])
    return names, {name.name: element for name, (_, element) in zip(names, chosen, strict=True)}


def _literals(system: System, names: Names, elements: dict[str, int], one: Batch) -> list[Literal]:
    frames = {var.name for var in system.vars if is_frame(var)}
    found: list[Literal] = []
    for atom in atoms(system, names):
        truth = bool(one.holds(atom.formula, elements))
        if atom.only_positive and truth:
            continue
        if not truth and atom.of in frames and not _is_presence(atom.formula) and _idle(atom.formula, elements, one):
            continue
        found.append((atom, truth))
    return found


def _is_presence(formula: ir.Formula) -> bool:
    return isinstance(formula, ir.Present)


def _idle(formula: ir.Formula, elements: dict[str, int], one: Batch) -> bool:
    """The atom is about a call that is not under way."""
    match formula:
        case ir.Equal(ir.Get(var, (ir.Param() as cpu,)), _) | ir.Test(var, (ir.Param() as cpu,)):
            counter = ir.Get(f"{var.partition('@')[0]}@pc", (cpu,))
            return not one.holds(ir.Present(counter), elements)
        case _:
            return False
