"""A small transition system for the tests of the finite encoding and of bounded model checking."""

from cowspec.source import Span
from cowspec.syntax.ast import PropertyKind, QuantKind
from cowspec.system.ir import (
    FALSE,
    TRUE,
    Absent,
    And,
    AnyValue,
    Assign,
    Binder,
    Bulk,
    Check,
    Choose,
    Equal,
    Formula,
    Get,
    Implies,
    Let,
    Member,
    Not,
    Old,
    Param,
    Presence,
    Present,
    Property,
    Quant,
    Require,
    StartValue,
    StateVar,
    Step,
    StepKind,
    Stmt,
    Switch,
    SwitchIs,
    System,
    Test,
)

NOWHERE = Span("slots.cow", 0, 0)

BLUE = Member("Color", "blue")
OWNER, OTHER, SLOT = Param("o"), Param("p"), Param("s")


def held(owner: Param) -> Get:
    return Get("held", (owner,))


def forall(names: tuple[tuple[str, str], ...], body: Formula) -> Formula:
    return Quant(QuantKind.FORALL, tuple(Binder(*name) for name in names), body)


def exists(names: tuple[tuple[str, str], ...], body: Formula) -> Formula:
    return Quant(QuantKind.EXISTS, tuple(Binder(*name) for name in names), body)


def variable(name: str, index: tuple[str, ...], domain: str | None, presence: str, start: StartValue) -> StateVar:
    return StateVar(name, index, domain, presence, None, start, False, False, (name,))


def action(name: str, params: tuple[tuple[str, str], ...], *body: Stmt) -> Step:
    binders = tuple(Binder(*param) for param in params)
    return Step(name, StepKind.ACTION, name, name, binders, (), body, None, None, NOWHERE)


def prop(kind: PropertyKind, name: str, formula: Formula) -> Property:
    return Property(kind, name, None, formula, True, (), NOWHERE)


TAKE = action(
    "take",
    (("o", "Owner"),),
    Require(Equal(held(OWNER), Absent())),
    Choose(
        "s",
        "Slot",
        Implies(SwitchIs("careful", "on"), Not(exists((("p", "Owner"),), Equal(held(OTHER), SLOT)))),
    ),
    Assign("held", (OWNER,), SLOT),
)
DROP = action(
    "drop",
    (("o", "Owner"),),
    Require(Present(held(OWNER))),
    Let("old", held(OWNER)),
    Assign("mark", (Param("old"),), TRUE),
    Assign("held", (OWNER,), Absent()),
)
PAINT = action(
    "paint",
    (("s", "Slot"), ("c", "Color")),
    Require(Not(Equal(Get("hue", (SLOT,)), Param("c")))),
    Assign("hue", (SLOT,), Param("c")),
)
LEAVE_HOME = action(
    "leave_home",
    (("o", "Owner"),),
    Require(Test("mark", (Get("home", (OWNER,)),))),
    Check(Equal(Get("hue", (Get("home", (OWNER,)),)), Member("Color", "red")), "the home is painted", NOWHERE),
    Choose("s", "Slot", Not(Equal(SLOT, Get("home", (OWNER,))))),
    Bulk((Binder("p", "Owner"),), Equal(Get("home", (OTHER,)), SLOT), (Assign("held", (OTHER,), SLOT),)),
    Assign("home", (OWNER,), SLOT),
)
NEVER = action("never", (("o", "Owner"),), Require(FALSE), Assign("held", (OWNER,), Absent()))

SLOTS = System(
    name="slots",
    path="slots.cow",
    sorts=("Owner", "Slot"),
    enums=(("Color", ("red", "blue", "green")),),
    switches=(
        Switch("careful", True, (("off", ""), ("on", ""))),
        Switch("shade", False, (("light", ""), ("dark", ""))),
    ),
    vars=(
        variable("held", ("Owner",), "Slot", Presence.OWN, Absent()),
        variable("mark", ("Slot",), None, Presence.TOTAL, False),
        variable("home", ("Owner",), "Slot", Presence.TOTAL, AnyValue()),
        variable("hue", ("Slot",), "Color", Presence.TOTAL, Member("Color", "red")),
    ),
    init=(
        Implies(
            SwitchIs("shade", "dark"),
            forall((("o", "Owner"), ("p", "Owner")), Equal(Get("home", (OWNER,)), Get("home", (OTHER,)))),
        ),
    ),
    steps=(TAKE, DROP, PAINT, LEAVE_HOME, NEVER),
    procs=(),
    properties=(
        prop(
            PropertyKind.INVARIANT,
            "exclusive",
            forall(
                (("o", "Owner"), ("p", "Owner")),
                Implies(And((Not(Equal(OWNER, OTHER)), Present(held(OWNER)))), Not(Equal(held(OWNER), held(OTHER)))),
            ),
        ),
        prop(PropertyKind.COVER, "all_marked", forall((("s", "Slot"),), Test("mark", (SLOT,)))),
        prop(
            PropertyKind.INVARIANT,
            "not_three_marked",
            Not(
                exists(
                    (("s", "Slot"), ("t", "Slot"), ("u", "Slot")),
                    And(
                        (
                            *(Test("mark", (Param(name),)) for name in "stu"),
                            Not(Equal(Param("s"), Param("t"))),
                            Not(Equal(Param("t"), Param("u"))),
                            Not(Equal(Param("s"), Param("u"))),
                        )
                    ),
                )
            ),
        ),
        prop(PropertyKind.INVARIANT, "home_is_somewhere", forall((("o", "Owner"),), Present(Get("home", (OWNER,))))),
        prop(
            PropertyKind.TRANSITION,
            "marks_stay",
            forall((("s", "Slot"),), Implies(Old(Test("mark", (SLOT,))), Test("mark", (SLOT,)))),
        ),
        prop(
            PropertyKind.TRANSITION,
            "blue_stays",
            forall(
                (("s", "Slot"),),
                Implies(Old(Equal(Get("hue", (SLOT,)), BLUE)), Equal(Get("hue", (SLOT,)), BLUE)),
            ),
        ),
    ),
    facts=(),
    scenarios=(),
    expectations=(),
)
