"""Random small models as texts. `model_text(draws)` gives a well-typed `.cow` file; every construct of the language
(but `use`) appears in some of them, as `test_agreement.py` measures.

In: choices, from a seed (`model_of(seed)`) or from hypothesis (`models()`), which can then shrink a failing model.
"""

from dataclasses import replace
from itertools import count

from draws import Draws, from_seed
from hypothesis import strategies
from random_declarations import BOOL, CPU, Declared, Function, declarations_text, declare
from random_expressions import Context
from random_formulas import quantified
from random_statements import block, function_lines, proc_lines


def model_of(seed: int) -> str:
    return model_text(from_seed(seed))


@strategies.composite
def models(draw: strategies.DrawFn) -> str:
    """The same models, with choices that hypothesis can take back."""
    return model_text(Draws(lambda n: draw(strategies.integers(0, n - 1))))


def model_text(draws: Draws) -> str:
    declared = declare(draws)
    c = Context(declared, draws, count(), "action", {})
    lines = ["module random", *declarations_text(declared)]
    lines += _functions(c)
    lines += _inits(c)
    for number in range(draws.between(1, 2)):
        lines += _action(c, f"act{number}")
    for proc in declared.procs:
        lines += proc_lines(c, proc)
    lines += _properties(c)
    if draws.chance(25):
        lines += _scenario(c)
    return laid_out(lines)


def laid_out(lines: list[str]) -> str:
    """The lines, indented by their braces."""
    depth, found = 0, []
    for line in lines:
        depth -= line.startswith("}")
        found.append("  " * depth + line)
        depth += line.endswith("{")
    return "\n".join(found) + "\n"


def _functions(c: Context) -> list[str]:
    """Defs first, each known to those after it, then a macro that may use them."""
    lines: list[str] = []
    declared, draws = c.declared, c.draws
    for name in ("shown", "found", "change"):
        if not draws.chance(45):
            continue
        base = None if name == "change" else draws.pick([BOOL, *declared.sorts])
        params = [(f"{name}_a", base if base in declared.sorts else draws.pick(declared.sorts))]
        if draws.chance(30):
            params.append((f"{name}_b", draws.pick(declared.sorts)))
        own_call = CPU in declared.sorts and draws.chance(30)
        function = Function(name, tuple(params), base, base is not None and draws.chance(20), own_call)
        lines += function_lines(c, function)
        declared.functions.append(function)
    return lines


def _inits(c: Context) -> list[str]:
    """Formulas over what starts anywhere (so that mostly some start remains)."""
    known = [var for var in c.declared.vars if var.start == "any"]
    if not known or not c.draws.chance(50):
        return []
    declared = replace(c.declared, vars=known, procs=[], locks=[])
    inner = replace(c, declared=declared, where="init", ghost=True)
    sorts = sorted({sort for var in known for sort in var.index}) or declared.sorts[:1]
    return [f"init {quantified(inner, 'forall', [(f'x{next(c.fresh)}', sort) for sort in sorts], 3).text}"]


def _action(c: Context, name: str) -> list[str]:
    domains = [*c.declared.sorts, *c.declared.sorts, *c.declared.enums]
    bound = [(f"{name}_{x}", c.draws.pick(domains)) for x in "abc"[: c.draws.between(1, 2)]]
    params = ", ".join(f"{param}: {domain}" for param, domain in bound)
    text = f' "[ {name} ]"' if c.draws.chance(50) else ""
    return [f"action {name}({params}){text} {{", *block(c.bind(bound), 2, 1, 3).lines, "}"]


def _properties(c: Context) -> list[str]:
    lines = []
    for number, kind in enumerate(("invariant", "invariant", "transition", "cover", "lemma")):
        if number > 1 and not c.draws.chance({"transition": 85, "cover": 60, "lemma": 40}[kind]):
            continue
        where = "transition" if kind == "transition" else "property"
        inner = replace(c, where=where, ghost=True, names={})
        sorts = c.draws.several(c.declared.sorts, 1, 2)
        bound = [(f"x{next(c.fresh)}", sort) for sort in sorts]
        said = quantified(inner, "exists" if kind == "cover" else "forall", bound, 3)
        text = f' "{kind} {number}"' if c.draws.chance(60) else ""
        lines.append(f"{kind} prop{number}{text}: {said.text}")
    return lines


def _scenario(c: Context) -> list[str]:
    """A script of the first action, perhaps of a call, and what the model expects."""
    lines = ['scenario script "a script" {']
    has_cpu = CPU in c.declared.sorts
    lines.append("let s0: Cpu, s1: Page" if has_cpu else "let s1: Page")
    if c.draws.chance(50):
        lines.append("allow act0")
    if has_cpu and c.declared.procs:
        proc = c.declared.procs[0]
        args = ", ".join("s1" if base == "Page" and c.draws.chance(50) else "_" for _, base in proc.params)
        stops = len(proc.steps) > 1
        lines.append(f"s0: {proc.name}({args})" + (f" until {proc.steps[1]}" if stops else ""))
        lines += ["s0: finish"] * stops
    scope = " at Page=2" if c.draws.chance(50) else ""
    when = f" when {_when(c.declared)}" if _when(c.declared) else ""
    lines += [f"expect prop0 {c.draws.pick(('violated', 'holds'))}{scope}{when}", f"expect blocked{when}", "}"]
    verdict = c.draws.pick(("proved", "refuted", "no_violation within 4", "proved at Page=1"))
    return [*lines, "expect {", f"prop0, prop1: {verdict}{when}", "}"]


def _when(declared: Declared) -> str:
    if declared.choice is not None:
        return f"{declared.choice[0]} == {declared.choice[1][0]}"
    return declared.fixes[0] if declared.fixes else ""
