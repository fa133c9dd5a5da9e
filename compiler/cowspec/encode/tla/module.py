"""The whole module, and its configuration for TLC."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cowspec.check import typed
from cowspec.encode.tla import declarations
from cowspec.encode.tla.actions import Action, actions
from cowspec.encode.tla.fold import folded
from cowspec.encode.tla.names import comment, identifier
from cowspec.encode.tla.properties import Definition, definitions
from cowspec.encode.tla.symbols import Symbols, symbols
from cowspec.system.ir import Scope, Setting, System
from cowspec.system.lowering.spends import without_spends


@dataclass(frozen=True, slots=True)
class Module:
    """A TLA+ module, with what the reader of TLC's output needs to know of it. `checking`: the text of the module that
    TLC starts from. It extends the first by what only TLC understands; Apalache, which reads the first, has no type for
    permutations of different sorts in one set."""

    name: str
    text: str
    checking: str
    symbols: Symbols
    properties: tuple[Definition, ...]
    can_fault: bool

    @property
    def root(self) -> str:
        """The name of the module that TLC starts from, as is usual for such a module."""
        return f"MC{self.name}"

    def files(self, cfg: str) -> Mapping[str, str]:
        """What TLC wants to have in one folder; `cfg`: a configuration."""
        return {f"{self.name}.tla": self.text, f"{self.root}.tla": self.checking, f"{self.root}.cfg": cfg}


class TlaError(Exception):
    """TLA+ has no module for the model; the message is for the user."""


def tla_module(model: typed.Model, system: System, name: str | None = None) -> Module:
    """The model in TLA+, for every setting of its switches and every scope: `system` is what was built of the model.
    `name`: of the module, if it is an identifier; else the model's. Raises `TlaError` for a model without a state."""
    model = without_spends(model)
    known = symbols(model, system.steps)
    variables = tuple(table.name for table in known.tables.values())
    if not variables:
        raise TlaError("the model has no variable, lock or proc, so nothing for TLA+ to speak of: `cowspec check` does")
    made, unmarked = actions(known, system.steps, (*variables, "fault"))
    if unmarked:
        known = symbols(model, system.steps, unmarked)
        made, _ = actions(known, system.steps, (*variables, "fault"))
    faults = any(action.faults for action in made)
    if not faults:
        made, _ = actions(known, system.steps, variables)
    defined = tuple(each for prop in model.properties for each in definitions(known, prop, faults=faults))
    name = name if name is not None and name == identifier(name) else declarations.module_name(model)
    text = _text(_lines(name, known, made, defined, variables, faults))
    return Module(name, text, _text(_checking(name, known, variables, faults)), known, defined, faults)


def _text(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in folded(list(lines)))


def _lines(
    name: str, known: Symbols, made: tuple[Action, ...], defined: tuple[Definition, ...], variables: tuple[str, ...],
    faults: bool,
) -> Iterator[str]:  # fmt: skip
    yield f" MODULE {name} ".center(100, "-")
    yield from declarations.header(known)
    yield "EXTENDS Naturals, FiniteSets"
    yield from declarations.constants(known)
    yield from declarations.variables(known, faults)
    yield from declarations.values(known, variables, faults)
    yield from declarations.initial(known, faults)
    yield from declarations.section("what happens")
    for action in made:
        yield from (*action.lines, "")
    yield from _next(made)
    yield from declarations.section("what holds")
    yield from declarations.type_ok(known, faults)
    yield from declarations.idle_holds_nothing(known)
    if faults:
        yield from (
            "",
            "\\* no step does what the language forbids; set by the step that would have",
            'NoFault == fault = ""',
        )
    for each in defined:
        yield from ("", *each.lines)
    yield "=" * 100


def _checking(name: str, known: Symbols, variables: tuple[str, ...], faults: bool) -> Iterator[str]:
    yield f" MODULE MC{name} ".center(100, "-")
    yield comment(f"For TLC: {name} up to symmetry, and how an error trace is shown.")
    yield f"EXTENDS {name}, TLC"
    yield ""
    yield from declarations.for_tlc(known, variables, faults)
    yield "=" * 100


def _next(made: tuple[Action, ...]) -> Iterator[str]:
    yield "Next =="
    for action in made:
        bound = ", ".join(f"{name} \\in {domain}" for name, domain in action.params)
        call = f"{action.name}({', '.join(name for name, _ in action.params)})" if action.params else action.name
        yield f"  \\/ \\E {bound}: {call}" if bound else f"  \\/ {call}"
    if not made:
        yield "  FALSE"
    yield ""
    yield "Spec == Init /\\ [][Next]_vars"


# ---- the configuration ---------------------------------------------------------------------------------------------


def config(
    module: Module,
    scope: Scope,
    setting: Setting,
    *,
    symmetry: bool = True,
    modern: bool = True,
    only: tuple[str, ...] | None = None,
    implied: bool = False,
) -> str:
    """The `.cfg` of a scope and a setting. `only`: the properties of the model to check, and nothing else but what the
    translation itself implies (`implied`).
    `modern`: with ALIAS and CHECK_DEADLOCK, which TLC knows since 2.16."""
    known = module.symbols
    said = ", ".join(f"{sort}={size}" for sort, size in scope)
    lines = [f"\\* {module.name} at {said or 'its only scope'}", "SPECIFICATION Spec", "CONSTANTS"]
    elements = element_names(known, scope)
    for sort, names in elements.items():
        lines.append(f"  {known.domains[sort]} = {{{', '.join(names)}}}")
        lines.append(f"  {known.none[sort]} = {known.none[sort]}")
    switches = {switch.name: switch for switch in known.model.switches}
    for switch, option in setting:
        shown = ("TRUE" if option == "on" else "FALSE") if switches[switch].is_fix else f'"{option}"'
        others = ", ".join(o for o, _ in switches[switch].options if o != option and not switches[switch].is_fix)
        lines.append(f"  {known.switches[switch]} = {shown}" + (f"  \\* or {others}" if others else ""))
    wanted = [each for each in module.properties if only is None or each.property in only]
    invariants = [each.name for each in wanted if each.kind == "INVARIANT"]
    if module.can_fault:
        lines.append("CONSTRAINT NoFault")
        if only is None or "no_fault" in only:
            invariants.insert(0, "NoFault")
    if only is None or implied:
        invariants[:0] = ["TypeOK", "IdleHoldsNothing"] if known.has_locks else ["TypeOK"]
    properties = [each.name for each in wanted if each.kind == "PROPERTY"]
    for head, listed in (("INVARIANTS", invariants), ("PROPERTIES", properties)):
        lines += [head, *(f"  {name}" for name in listed)] if listed else []
    if symmetry and elements:  # of no permutations TLC makes an internal error
        lines.append("SYMMETRY Symmetry")
    if modern:
        lines += ["ALIAS Alias", "CHECK_DEADLOCK FALSE"]
    return "".join(line + "\n" for line in lines)


def element_names(known: Symbols, scope: Scope) -> Mapping[str, tuple[str, ...]]:
    """The model values of each sort: `page0`, `page1`."""
    found: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set(known.top)
    for sort, size in scope:
        names = tuple(f"{sort.lower()}{number}" for number in range(size))
        while taken & set(names):
            names = tuple(f"{name}_" for name in names)
        taken |= set(names)
        found[sort] = names
    return found
