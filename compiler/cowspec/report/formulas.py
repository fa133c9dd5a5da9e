"""Formulas of the system in the language of models: what is printed parses, checks, and means the same again.

In: a system and a formula over one state, as inference finds them. Out: the text of a `.cow` expression. Raises
`Unsayable` for what the language has no words for: tables of single lock holders, and conditional terms.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from cowspec.syntax.ast import QuantKind
from cowspec.system import ir
from cowspec.system.ir import Formula, System, Term

IMPLIES, OR, AND, NOT, COMPARED = range(5)
"""How tightly a text binds, loosest first; a quantifier reaches as far right as it can."""

Text = tuple[str, int]


class Unsayable(Exception):
    """The language has no expression for this."""


def expression(system: System, formula: Formula) -> str:
    """The text of a closed formula."""
    return _Printer(system).text(formula, {})


def lemma(system: System, prop: ir.Property) -> str:
    """The text of its declaration."""
    return f'{prop.kind.value} {prop.name} "{prop.text or ""}":\n  {expression(system, prop.formula)}\n'


class _Printer:
    def __init__(self, system: System) -> None:
        self._vars = {var.name: var for var in system.vars}
        self._owners = {var.owner for var in system.vars if var.owner is not None}
        self._taken = {var.source[0] for var in system.vars} | {switch.name for switch in system.switches}
        self._taken |= {member for _, members in system.enums for member in members}
        self._references = {
            sort: sorted(var.name for var in system.vars if var.is_ref and var.domain == sort) for sort in system.sorts
        }

    def text(self, formula: Formula, names: Mapping[str, str], loosest: int = IMPLIES) -> str:
        """`names`: how bound names are written. In parentheses where it binds more loosely than asked for."""
        text, binds = self._formula(formula, names)
        return f"({text})" if binds < loosest else text

    def _formula(self, formula: Formula, names: Mapping[str, str]) -> Text:
        known = self._lock(formula, names) or self._idle(formula, names)
        if known is not None:
            return known, COMPARED
        match formula:
            case ir.Const(value):
                return ("true" if value else "false"), COMPARED
            case ir.Test(var, args):
                place = self._place(var, args, names)
                return (f"{place} != none" if var in self._owners else place), COMPARED
            case ir.Present(term):
                return f"{self._term(term, names)} != none", COMPARED
            case ir.Equal(left, right):
                return self._equal(left, right, "==", names)
            case ir.Not(body):
                return self._negated(body, names)
            case ir.And(parts):
                return " and ".join(self.text(part, names, NOT) for part in parts) or "true", AND
            case ir.Or(parts):
                return " or ".join(self.text(part, names, AND) for part in parts) or "false", OR
            case ir.Implies(left, right):
                conclusion = self.text(right, names, OR if isinstance(right, ir.Quant) else IMPLIES)
                return f"{self.text(left, names, OR)} -> {conclusion}", IMPLIES
            case ir.Iff(left, right):
                both = ir.And((ir.Implies(left, right), ir.Implies(right, left)))
                return self._formula(both, names)
            case ir.Quant(kind, binders, body):
                inner = self._opened(binders, names)
                word = "forall" if kind is QuantKind.FORALL else "exists"
                return f"{word} {_binders(binders, inner)}: {self.text(body, inner)}", IMPLIES
            case ir.Tally(counts, op, bound):
                return f"{self._sum(counts, names)} {op} {bound}", COMPARED
            case ir.SwitchIs(switch, option):
                if option in ("on", "off"):
                    return (switch, COMPARED) if option == "on" else (f"not {switch}", NOT)
                return f"{switch} == {option}", COMPARED
            case ir.Flag() | ir.Old():
                raise Unsayable(f"{formula}")
            case _:
                assert_never(formula)

    def _lock(self, formula: Formula, names: Mapping[str, str]) -> str | None:
        """`held(l[m])`, `write_held(l[m])`, `changed(s[m], t)`, if the formula says that of all procs of the lock."""
        match formula:
            case ir.Quant(QuantKind.EXISTS, (binder,), body):
                holder: Term | None = ir.Param(binder.name)
            case _:
                body, holder = formula, None
        tests = body.parts if isinstance(body, ir.Or) else (body,)
        read = [each for each in tests if isinstance(each, ir.Test) and each.var.count("@") == 2]
        if len(read) < len(tests) or len({each.args for each in read}) != 1:
            return None
        lock = read[0].var.partition("@")[0]
        said = {each.var for each in read}
        args = read[0].args
        place = f"{lock}[{', '.join(self._term(arg, names) for arg in args[:-1])}]" if len(args) > 1 else lock
        for word, modes in (("held", ("write", "read")), ("write_held", ("write",)), ("changed", ("seen",))):
            if said == {name for name in self._vars if name.split("@")[:-1] in [[lock, mode] for mode in modes]}:
                if word == "changed" and holder is None:
                    return f"changed({place}, {self._term(args[-1], names)})"
                if word != "changed" and args[-1] == holder:
                    return f"{word}({place})"
        return None

    def _idle(self, formula: Formula, names: Mapping[str, str]) -> str | None:
        """`idle(t)`, if the formula says that no proc has a call there."""
        parts = formula.parts if isinstance(formula, ir.And) else ()
        counters = [name for name in self._vars if name.endswith("@pc")]
        match parts:
            case (ir.Not(ir.Present(ir.Get(_, (cpu,)))), _, *_):
                none = tuple(ir.Not(ir.Present(ir.Get(counter, (cpu,)))) for counter in counters)
                return f"idle({self._term(cpu, names)})" if parts == none else None
            case _:
                return None

    def _negated(self, body: Formula, names: Mapping[str, str]) -> Text:
        match body:
            case ir.Present(term):
                return f"{self._term(term, names)} == none", COMPARED
            case ir.Test(var, args) if var in self._owners:
                return f"{self._place(var, args, names)} == none", COMPARED
            case ir.Equal(left, right) if _step_of(left, right) is None:
                return self._equal(left, right, "!=", names)
            case _:
                return f"not {self.text(body, names, NOT)}", NOT

    def _equal(self, left: Term, right: Term, op: str, names: Mapping[str, str]) -> Text:
        step = _step_of(left, right)
        if step is not None and isinstance(left, ir.Get):
            return f"{self._term(left.args[0], names)} at {step}", COMPARED
        return f"{self._term(left, names)} {op} {self._term(right, names)}", COMPARED

    def _term(self, term: Term, names: Mapping[str, str]) -> str:
        match term:
            case ir.Param(name):
                return names.get(name, name)
            case ir.Member(_, name):
                return name
            case ir.Absent():
                return "none"
            case ir.Get(var, args):
                return self._place(var, args, names)
            case ir.Pick() | ir.OldTerm():
                raise Unsayable(f"{term}")
            case _:
                assert_never(term)

    def _place(self, name: str, args: Sequence[Term], names: Mapping[str, str]) -> str:
        """`pte[m, a].page`, `do_wp_page[t].orig.page`, `do_wp_page[t]`"""
        source = self._vars[name].source
        if name.count("@") > 1:
            raise Unsayable(name)
        index = f"[{', '.join(self._term(arg, names) for arg in args)}]" if args else ""
        return ".".join((f"{source[0]}{index}", *source[1:]))

    def _sum(self, counts: Sequence[ir.Count], names: Mapping[str, str]) -> str:
        held = self._held(counts)
        if held is not None:
            return f"refs({self._term(held, names)})"
        return " + ".join(self._count(count, names) for count in counts)

    def _count(self, count: ir.Count, names: Mapping[str, str]) -> str:
        inner = self._opened(count.binders, names)
        return f"count({_binders(count.binders, inner)} where {self.text(count.body, inner)})"

    def _held(self, counts: Sequence[ir.Count]) -> Term | None:
        """What is counted, if it is counted in all `ref` places of its sort: `refs(p)`."""
        held: set[Term] = set()
        places: list[str] = []
        for count in counts:
            match count.body:
                case ir.Equal(ir.Get(var, args), right) if args == tuple(ir.Param(b.name) for b in count.binders):
                    held.add(right)
                    places.append(var)
                case _:
                    return None
        return held.pop() if len(held) == 1 and sorted(places) in self._references.values() else None

    def _opened(self, binders: Sequence[ir.Binder], names: Mapping[str, str]) -> dict[str, str]:
        """A name for each binder that nothing else has: its own, if it is one of the language."""
        found = dict(names)
        for binder in binders:
            letter = binder.domain[:1].lower()
            wanted = [binder.name] if binder.name.isidentifier() else []
            options = (*wanted, letter, *(f"{letter}{k}" for k in range(2, 1000)))
            found[binder.name] = next(o for o in options if o not in self._taken and o not in found.values())
        return found


def _step_of(left: Term, right: Term) -> str | None:
    """`do_wp_page.copy`, if a program counter is compared with a step."""
    match left, right:
        case ir.Get(var, _), ir.Member(_, name) if var.endswith("@pc"):
            return f"{var.removesuffix('@pc')}.{name}"
        case _:
            return None


def _binders(binders: Iterable[ir.Binder], names: Mapping[str, str]) -> str:
    """`m, n: Mm, a: Va`"""
    groups: list[tuple[str, list[str]]] = []
    for binder in binders:
        if not groups or groups[-1][0] != binder.domain:
            groups.append((binder.domain, []))
        groups[-1][1].append(names[binder.name])
    return ", ".join(f"{', '.join(group)}: {domain}" for domain, group in groups)
