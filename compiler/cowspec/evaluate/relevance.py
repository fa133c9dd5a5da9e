"""Which cells of the tables some steps and a property depend on: their cone of influence.

States that agree on these have the same runs of those steps, as far as which steps are enabled, which fault, and what
the property says. A switch is not looked into: a branch counts whatever its value.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cowspec.evaluate.names import Node, parts
from cowspec.system import ir

Pattern = tuple[int | None, ...]
"""Places of a table, or arguments of a step; None is any element."""

Cells = dict[str, set[Pattern]]


def relevant_cells(uses: Iterable[tuple[ir.Step, Pattern]], asked: Iterable[ir.Formula], known: Cells) -> Cells:
    """All cells that decide about steps used with such arguments or are read by the formulas, `known` among them, and
    all that flow into those."""
    found: Cells = {}
    for var, patterns in known.items():
        found.setdefault(var, set()).update(patterns)
    for formula in asked:
        _Use({}, found).read(formula)
    each = [
        (step, _Use({param.name: arg for param, arg in zip(step.params, args, strict=True)}, found))
        for step, args in uses
    ]
    size = -1
    while size < _size(found, each):
        size = _size(found, each)
        for step, use in each:
            for _, get in step.frame:
                use.read(get)
            for statement in step.body:
                use.flow(statement)
    return found


def matches(place: tuple[int, ...], patterns: Iterable[Pattern]) -> bool:
    return any(_overlap(place, pattern) for pattern in patterns)


def _overlap(left: Pattern, right: Pattern) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(left, right, strict=True))


def _size(cells: Cells, uses: Iterable[tuple[ir.Step, "_Use"]]) -> int:
    return sum(map(len, cells.values())) + sum(len(use.names) for _, use in uses)


@dataclass(slots=True)
class _Use:
    """A step with some arguments known. `names`: its bound names that matter."""

    args: Mapping[str, int | None]
    found: Cells
    names: set[str] = field(default_factory=set)

    def read(self, node: Node) -> None:
        """What the node reads is relevant."""
        for place, name in _mentions(node, frozenset()):
            if isinstance(place, ir.Get | ir.Test):
                self.found.setdefault(place.var, set()).add(self.pattern(place.args, name))
            else:
                self.names |= name

    def pattern(self, args: tuple[ir.Term, ...], bound: frozenset[str]) -> Pattern:
        return tuple(
            self.args.get(arg.name) if isinstance(arg, ir.Param) and arg.name not in bound else None for arg in args
        )

    def flow(self, statement: ir.Stmt) -> bool:
        """Reads the statement if it decides about the step or changes what is relevant; says whether it does."""
        match statement:
            case ir.Require() | ir.Check() | ir.Choose():
                self.read(statement)
                return True
            case ir.Assign(var, args):
                target = self.pattern(args, frozenset())
                if not any(_overlap(target, pattern) for pattern in self.found.get(var, ())):
                    return False
                self.read(statement)
                return True
            case ir.Let(name) | ir.LetBool(name):
                if name in self.names:
                    self.read(statement)
                return name in self.names
            case ir.If(condition, then, otherwise):
                return self._flow_under(condition, (*then, *otherwise))
            case ir.Bulk(_, where, body):
                return self._flow_under(where, body)
            case ir.Note() | ir.Spend():
                return False

    def _flow_under(self, condition: ir.Formula, body: Iterable[ir.Stmt]) -> bool:
        matters = sum(self.flow(statement) for statement in body) > 0
        if matters:
            self.read(condition)
        return matters


def _mentions(node: Node, bound: frozenset[str]) -> Iterator[tuple[ir.Get | ir.Test | None, frozenset[str]]]:
    """The reads of variables, each with the names that are bound around it; the names mentioned, alone."""
    todo = [(node, bound)]
    while todo:
        here, around = todo.pop()
        match here:
            case ir.Get() | ir.Test():
                yield here, around
            case ir.Param(name) | ir.Flag(name):
                yield None, frozenset({name})
            case ir.Quant(_, binders, _) | ir.Count(binders, _):
                around |= {binder.name for binder in binders}
            case ir.Choose(name):
                around |= {name}
            case _:
                pass
        todo.extend((sub, around) for sub in parts(here))
