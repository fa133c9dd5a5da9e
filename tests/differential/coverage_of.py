"""Which constructs a model uses: classes of the written tree and of the transition system, and some finer points."""

from collections import Counter
from dataclasses import fields, is_dataclass
from enum import Enum

from cowspec.source import Source
from cowspec.syntax import ast
from cowspec.syntax.parse import parse
from cowspec.system import ir


def constructs(text: str, system: ir.System) -> Counter[str]:
    """`ast.If`, `ir.Tally`, `ir.Tally <=`, `StepKind leave`, ... with how often each occurs."""
    found: Counter[str] = Counter()
    _count("ast", parse(Source("random.cow", text)), found)
    _count("ir", system, found)
    for step in system.steps:
        found[f"StepKind {step.kind}"] += 1
        found["enum parameter"] += any(param.domain in dict(system.enums) for param in step.params)
    for var in system.vars:
        found[f"Presence {var.presence}"] += var.domain is not None
        found["owned"] += var.owner is not None
        found["ref"] += var.is_ref
        found["ghost"] += var.ghost
    return found


def _count(stage: str, node: object, found: Counter[str]) -> None:
    if isinstance(node, tuple):
        for each in node:
            _count(stage, each, found)
    elif is_dataclass(node) and not isinstance(node, type):
        found[f"{stage}.{type(node).__name__}"] += 1
        _finer(node, found)
        for each in fields(node):
            value = getattr(node, each.name)
            if isinstance(value, Enum):
                found[f"{type(node).__name__} {value.value}"] += 1
            _count(stage, value, found)


def _finer(node: object, found: Counter[str]) -> None:
    match node:
        case ir.Tally(counts, op, bound):
            found[f"Tally {op}"] += 1
            found[f"Tally {bound}"] += 1
            found["sum of counts"] += len(counts) > 1
        case ir.Get(_, args) | ir.Test(_, args):
            found["index that may be absent"] += any(isinstance(arg, ir.Get | ir.Pick) for arg in args)
        case ir.Step(frame=frame):
            found["value of the frame"] += bool(frame)
        case ast.Apply(function=function) if function.text in ("refs", "idle", "held", "write_held", "changed", "old"):
            found[function.text] += 1
        case ast.VarDecl(start=ast.AnyStart()):
            found["start any"] += 1
        case ir.If(then=then):
            found["choose in a branch"] += any(isinstance(stmt, ir.Choose) for stmt in then)
        case _:
            pass


def _classes(stage: str, union: object) -> set[str]:
    return {f"{stage}.{each.__name__}" for each in union.__args__}  # type: ignore[attr-defined]


COSTS = {"ast.CostDecl", "ast.Spend", "ir.Spend", "ir.Cost"}
"""What `test_random_costs.py` puts into the random models."""

WANTED = (
    (_classes("ast", ast.Expr) | _classes("ast", ast.Stmt) | _classes("ast", ast.Decl) | _classes("ir", ir.Term))
    | (_classes("ir", ir.Formula) | _classes("ir", ir.Stmt) | {"ast.Choose", "ast.Each"})
    | {"ast.ScriptLine", "ast.ScriptFinish"}
    | {f"StepKind {kind}" for kind in (ir.StepKind.ACTION, ir.StepKind.START, ir.StepKind.NEXT, ir.StepKind.LEAVE)}
    | {f"Presence {presence}" for presence in (ir.Presence.TOTAL, ir.Presence.OWN, ir.Presence.OWNER)}
    | {f"Tally {op}" for op in ("==", "!=", "<", "<=", ">", ">=", 0, 1, 2)}
    | {f"Quantified {kind.value}" for kind in ast.QuantKind}
    | {f"Quant {kind.value}" for kind in ast.QuantKind}
    | {f"Binary {op.value}" for op in ast.BinaryOp}
    | {f"LockDecl {kind.value}" for kind in ast.LockKind}
    | {f"Acquire {mode.value}" for mode in ast.LockMode}
    | {f"PropertyDecl {kind.value}" for kind in ast.PropertyKind}
    | {"refs", "idle", "held", "write_held", "changed", "old", "start any", "owned", "ref", "ghost", "enum parameter"}
    | {"sum of counts", "index that may be absent", "value of the frame", "choose in a branch"}
) - {"ast.Use", "ast.SurvivorsDecl", *COSTS}
"""Every construct of the language but `use`, which the fixed texts of the other tests have, `survivors`, which changes
nothing, and `COSTS`."""
