"""Values of the model while they are lowered: a truth value, a term, or a record taken apart.

A `Rec` keeps M5 by construction: where `present` is false its terms are absent and its truth values false, whether it
was read from a variable, written as a literal, or picked by a condition.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cowspec.check.typed import BoolType, StructType, Type
from cowspec.system import ir
from cowspec.system.ir import FALSE, TRUE, Formula, Term
from cowspec.system.lowering.layout import Layout
from cowspec.system.simplify import Known, choice, conj, equal, iff, implies, neg, pick, present


@dataclass(frozen=True, slots=True)
class Rec:
    """A record, or an absent one where `present` is false.

    `gaps`: fields that must have a value, each with the formula "it has one wherever the record is present". Only a
    literal can break it (`{ page: pte[m, a].page }` of an absent PTE); it is a fault to store such a record.
    """

    present: Formula
    fields: Mapping[str, "Value"]
    gaps: tuple[tuple[str, Formula], ...] = ()


Value = Term | Formula | Rec


def as_formula(value: Value) -> Formula:
    if isinstance(value, Rec | ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm):
        raise TypeError(f"not a truth value: {value}")
    return value


def as_term(value: Value) -> Term:
    if isinstance(value, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm):
        return value
    raise TypeError(f"not a term: {value}")


def as_record(value: Value) -> Rec:
    if isinstance(value, Rec):
        return value
    raise TypeError(f"not a record: {value}")


def nothing(of: Type, layout: Layout) -> Value:
    """`none` of a type: false for booleans, which are never absent."""
    match of.base:
        case BoolType():
            return FALSE
        case StructType(struct):
            return Rec(FALSE, {name: nothing(field, layout) for name, field in layout.structs[struct]})
        case _:
            return ir.Absent()


def read(name: str, of: Type, args: tuple[Term, ...], layout: Layout, within: Formula) -> Value:
    """The value of the variable `name` of type `of` at `args`; `within` says when these arguments, and the records
    around `name`, are there."""
    match of.base:
        case BoolType():
            return ir.Test(name, args)
        case StructType(struct):
            there = ir.Test(name, args) if of.optional else within
            return Rec(
                there,
                {field: read(f"{name}.{field}", inner, args, layout, there) for field, inner in layout.structs[struct]},
            )
        case _:
            return ir.Get(name, args)


def has_value(value: Value, known: Known) -> Formula:
    """`value != none`; a truth value always is one."""
    if isinstance(value, Rec):
        return value.present
    if isinstance(value, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm):
        return present(value, known)
    return TRUE


def same(left: Value, right: Value) -> Formula:
    """`left == right`: two absent values are equal, an absent and a present one differ (M5)."""
    if isinstance(left, Rec) and isinstance(right, Rec):
        fields = (same(left.fields[name], right.fields[name]) for name in left.fields)
        return conj((iff(left.present, right.present), *fields))
    if isinstance(left, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm):
        return equal(left, as_term(right))
    return iff(as_formula(left), as_formula(right))


def picked(condition: Formula, then: Value, otherwise: Value) -> Value:
    """`if condition then a else b`"""
    if isinstance(then, Rec):
        other = as_record(otherwise)
        gaps = [(name, implies(condition, gap)) for name, gap in then.gaps]
        gaps += [(name, implies(neg(condition), gap)) for name, gap in other.gaps]
        fields = {name: picked(condition, value, other.fields[name]) for name, value in then.fields.items()}
        return Rec(choice(condition, then.present, other.present), fields, tuple(gaps))
    if isinstance(then, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm):
        return pick(condition, then, as_term(otherwise))
    return choice(condition, as_formula(then), as_formula(otherwise))


def each(
    value: Value, on_term: Callable[[str, Term], Term], on_formula: Callable[[str, Formula], Formula], path: str = ""
) -> Value:
    """The value with every scalar in it replaced; both functions also get the path to it: "" or ".page"."""
    if isinstance(value, Rec):
        return Rec(
            on_formula(path, value.present),
            {name: each(inner, on_term, on_formula, f"{path}.{name}") for name, inner in value.fields.items()},
            tuple((name, on_formula(f"{path}.{name}?", gap)) for name, gap in value.gaps),
        )
    if isinstance(value, ir.Param | ir.Member | ir.Absent | ir.Get | ir.Pick | ir.OldTerm):
        return on_term(path, value)
    return on_formula(path, value)
