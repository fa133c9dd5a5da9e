"""What `check` says of a model without running it: switches that no step reads, properties that follow from others.

Nothing here makes a model fail: these are notes. What is vacuous is found by `vacuity.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from cowspec.engines.induction.implied import Follows, implied
from cowspec.judge.docket import Docket
from cowspec.judge.jobs import AnyJob, Died, Job
from cowspec.judge.plan import asked_properties, switch_formula
from cowspec.judge.results import Remark
from cowspec.syntax.ast import PropertyKind
from cowspec.system.ir import Formula, SwitchIs, System, Term
from cowspec.system.traverse import expressions, nodes


def sanity_jobs(docket: Docket) -> list[AnyJob]:
    """Takes down what needs no search; the jobs for the rest."""
    docket.remarks += unread_switches(docket.system)
    questions = implications(docket.system)
    if not questions:
        return []
    when = switch_formula(docket.system, docket.selection)
    return [
        Job(
            f"{docket.system.name}: what follows from what",
            partial(implied, docket.system, questions, when, docket.limits),
            partial(_follow, docket),
            docket.limits.timeout + 60,
        )
    ]


# ---- switches ------------------------------------------------------------------------------------------------------


def unread_switches(system: System) -> Iterator[Remark]:
    """Switches on which neither the start nor any step depends, with what else reads them."""
    steps = _read([*system.init, *(expr for step in system.steps for expr in expressions(step.body))])
    readers = {
        "properties": _read(prop.formula for prop in system.properties),
        "expectations": _read(line.when for line in system.expectations),
        "scenarios": _read(expect.when for scenario in system.scenarios for expect in scenario.expects),
    }
    for switch in system.switches:
        if switch.name not in steps:
            others = [what for what, read in readers.items() if switch.name in read]
            also = f", only {' and '.join(others)}" if others else ""
            message = f"no step reads {'fix' if switch.is_fix else 'choice'} {switch.name}{also}"
            yield Remark("N801", message, switch.span, switch.name)


def _read(roots: Iterable[Term | Formula]) -> set[str]:
    return {node.switch for node in nodes(roots) if isinstance(node, SwitchIs)}


# ---- what follows from what ----------------------------------------------------------------------------------------


def implications(system: System) -> dict[str, tuple[str, ...]]:
    """From which others a property may follow. An invariant that is checked: from the other ones, not from lemmas,
    which are there to say more. A lemma of the model file: from all that a proof may use."""
    invariants = [prop.name for prop in asked_properties(system) if prop.kind is PropertyKind.INVARIANT]
    lemmas = [prop for prop in system.properties if prop.kind is PropertyKind.LEMMA]
    everything = (*invariants, *(lemma.name for lemma in lemmas))
    found = {name: tuple(other for other in invariants if other != name) for name in invariants}
    for lemma in lemmas:
        if lemma.span.path == system.path:
            found[lemma.name] = tuple(other for other in everything if other != lemma.name)
    return found


def _follow(docket: Docket, answer: tuple[Follows, ...] | Died) -> Sequence[AnyJob]:
    if isinstance(answer, Died):
        (docket.bugs if answer.bug else docket.notes).append(f"what follows from what: {answer.reason}")
        return []
    properties = {prop.name: prop for prop in docket.system.properties}
    for each in answer:
        prop = properties[each.property]
        said = f"follows from {', '.join(each.others)}" if each.others else "holds in every state, whatever happens"
        docket.remarks.append(Remark("N804", f"{prop.kind.value} {prop.name} {said}", prop.span, prop.name))
    return []
