"""One way through a step: the conjuncts of an action in order, and what the variables hold at its end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cowspec.check import typed
from cowspec.encode.tla.env import Env, Gap
from cowspec.encode.tla.expressions import met, peeked, shown, unmet
from cowspec.encode.tla.layout import laid_out
from cowspec.encode.tla.names import comment, fresh, string
from cowspec.encode.tla.store import Joined, Pending, Store, Value
from cowspec.encode.tla.symbols import Symbols
from cowspec.encode.tla.text import bullet, conj, filled, hanging, implies, indented, inner, negated


@dataclass(frozen=True, slots=True)
class Guard:
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    text: str


@dataclass(frozen=True, slots=True)
class Exists:
    """`\\E q \\in Page:` around all items after it."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Let:
    """`LET name == ... IN` around all items after it."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """`IF condition THEN ... ELSE ...`, the last item."""

    condition: str
    then: tuple["Item", ...]
    otherwise: tuple["Item", ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """The new values, unless a check fails: `checks` are the conditions of faults with their messages."""

    checks: tuple[tuple[str, str], ...]
    updates: tuple[tuple[str, Pending], ...]


Item = Guard | Remark | Exists | Let | Branch | Leaf


@dataclass(slots=True)
class Shared:
    """What all paths of a step share. `strict`: a failed check tells nothing (as a guard comes after one: `late`).
    `blurred`: structs of which a field may have been written to an absent record before such a guard."""

    strict: bool
    late: bool = False
    blurred: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)


class Path:
    """Grows statement by statement; `fork` for a branch. `starting`: a call begins here, so it holds no lock before."""

    def __init__(self, env: Env, shared: Shared, *, starting: bool = False) -> None:
        self.shared, self.starting = shared, starting
        self.items: list[Item] = []
        self.checks: list[tuple[str, str]] = []
        self.checked: frozenset[str] = frozenset()  # what is present if no check fails
        self.half_written: set[str] = set()
        self.env = replace(env, store=Store(dict(env.store.waiting), self._name), strict=shared.strict)

    @property
    def store(self) -> Store:
        return self.env.store

    @property
    def symbols(self) -> Symbols:
        return self.env.symbols

    def fork(self, known: frozenset[str]) -> "Path":
        """A path that begins here, with no items of its own yet."""
        other = Path(self.env.knowing(known), self.shared, starting=self.starting)
        other.checks = list(self.checks)
        other.checked, other.half_written = self.checked, set(self.half_written)
        return other

    def _name(self, var: str, pending: Pending) -> str:
        name = self.unique(var.rstrip("'"))
        self.items.append(Let(name, tuple(pending.lines())))
        return name

    def unique(self, name: str) -> str:
        """A name for a LET, different from all others of the step."""
        found = fresh(name, self.symbols.top | self.env.used | self.shared.versions)
        self.shared.versions.add(found)
        return found

    # ---- growing ---------------------------------------------------------------------------------------------------

    def require(self, condition: typed.Expr) -> None:
        parts = condition.parts if isinstance(condition, typed.And) else (condition,)
        for part in parts:
            self.guard("\n".join(laid_out(part, replace(self.env, splits=True))))
            self.env = self.env.knowing(met(part, self.env))

    def guard(self, condition: str) -> None:
        if condition != "TRUE":
            self._is_late()
            self.items.append(Guard(condition))

    def splits(self, condition: typed.Expr) -> None:
        """The step goes two ways. The condition is asked before the checks above it, so it must not rely on them, nor
        on what was written after one."""
        if self.checks:
            trusting = replace(self.env, known=self.env.known | self.checked, strict=False)
            said = peeked(condition, self.env)
            self.shared.late |= "?" in said or said != peeked(condition, trusting)

    def _is_late(self) -> None:
        """What comes now may still disable the step, even if a check has failed."""
        self.shared.late |= bool(self.checks)
        self.shared.blurred |= self.half_written

    def check(self, bad: str, message: str, present: frozenset[str] = frozenset()) -> None:
        """The step faults where `bad` holds; else these texts are present."""
        if bad != "FALSE":
            self.checks.append((bad, message))
            self.checked |= present
            if not self.shared.strict:
                self.env = self.env.knowing(present)

    def remark(self, words: str) -> None:
        self.items.append(Remark(words))

    def bind(self, name: str, value: Value, gaps: Sequence[Gap] = (), *, maybe: bool) -> None:
        names = {**self.env.names, name: value}
        maybes = self.env.maybe | {name} if maybe else self.env.maybe
        self.env = replace(self.env, names=names, maybe=maybes, gaps={**self.env.gaps, name: tuple(gaps)})

    def choose(self, name: str, domain: str) -> str:
        self.env, unique = self.env.bind(name)
        self._is_late()
        self.items.append(Exists(unique, domain))
        self.env = self.env.knowing(frozenset({unique}))
        return unique

    def let(self, name: str, value: str) -> str:
        unique = self.unique(name)
        self.items.append(Let(unique, (value,)))
        return unique

    def leaf(self) -> None:
        order = {table.name: n for n, table in enumerate(self.symbols.tables.values())}
        updates = sorted(self.store.waiting.items(), key=lambda update: order[update[0]])
        self.items.append(Leaf(tuple(self.checks), tuple(updates)))

    # ---- branches that come together again -------------------------------------------------------------------------

    def join(self, test: str, then: "Path", otherwise: "Path") -> None:
        """Goes on after both branches, which neither leave the step nor choose."""
        before, checks = len(self.checks), list(self.checks)
        for path, when in ((then, test), (otherwise, negated(test))):
            for item in path.items:
                match item:
                    case Guard(said):
                        self.guard(implies(when, said))
                    case Let() | Remark():
                        self.items.append(item)
                    case _:
                        pass
            checks += [(conj((when, bad)), message) for bad, message in path.checks[before:]]
        self.checks = checks
        self.half_written |= then.half_written | otherwise.half_written
        self.checked |= then.checked | otherwise.checked
        for var in dict.fromkeys((*then.store.waiting, *otherwise.store.waiting)):
            yes, no = (path.store.waiting.get(var, Pending(var)) for path in (then, otherwise))
            if yes == no:
                self.store.waiting[var] = yes
            else:
                self.store.waiting[var] = Pending(Joined(test, yes, no))

    def short(self, condition: typed.Expr) -> str:
        """The condition, under a name if it is long."""
        test = shown(condition, self.env)
        return test if len(test) < 70 else self.let("when", test)


def branches(path: Path, condition: typed.Expr) -> tuple[Path, Path]:
    """The two paths that begin at an `if`."""
    env = path.env
    return path.fork(frozenset(met(condition, env))), path.fork(frozenset(unmet(condition, env)))


# ---- items as lines ------------------------------------------------------------------------------------------------


def lines(items: Sequence[Item], variables: tuple[str, ...]) -> list[str]:
    """The items as a list of conjuncts, each line with its bullet; `variables` are all that an action must speak of."""
    out: list[str] = []
    for n, item in enumerate(items):
        match item:
            case Guard(said):
                out += bullet([said])
            case Remark(words):
                out.append(comment(words))
            case Exists(name, domain):
                return out + bullet([f"\\E {name} \\in {domain}:", *indented(lines(items[n + 1 :], variables), 2)])
            case Let():
                return out + bullet(_lets(items[n:], variables))
            case Branch(condition, then, otherwise):
                out += bullet(
                    [
                        *_if(condition),
                        *hanging("THEN ", lines(then, variables)),
                        *hanging("ELSE ", lines(otherwise, variables)),
                    ]
                )
            case Leaf():
                out += _leaf(item, variables)
    return out


def _if(condition: str) -> list[str]:
    if "\n" not in condition:
        return [f"IF {condition}"]
    several = hanging("IF (", [condition])
    return [*several[:-1], several[-1] + ")"]


def _lets(items: Sequence[Item], variables: tuple[str, ...]) -> list[str]:
    """Definitions that stand together in one LET."""
    out: list[str] = []
    head = "LET "
    for n, item in enumerate(items):
        if not isinstance(item, Let):
            return out + hanging("IN  ", lines(items[n:], variables))
        out += hanging(head, hanging(f"{item.name} == ", list(item.lines)))
        head = "    "
    raise ValueError("nothing stands in the LET")


def _leaf(leaf: Leaf, variables: tuple[str, ...]) -> list[str]:
    """A fault, or all the new values."""
    out = _updates(leaf.updates, variables)
    if not leaf.checks:
        return out
    faults: list[str] = []
    head = ""
    for bad, message in leaf.checks:
        fault = f"Fault({string(message)})"
        if bad == "TRUE":
            return bullet([*faults, f"{head}{fault}"])
        faults += [f"{head}IF {bad}", f"THEN {fault}"]
        head = "ELSE "
    return bullet([*faults, *hanging("ELSE ", out)])


def _updates(updates: tuple[tuple[str, Pending], ...], variables: tuple[str, ...]) -> list[str]:
    """`/\\ pte' = ...` for what changes, and `UNCHANGED` for the rest."""
    out: list[str] = []
    done: set[str] = set()
    for var, pending in updates:
        if var in done:
            continue
        group = [(other, p) for other, p in updates if _together(pending, p)]
        if len(group) > 1 and isinstance(pending.base, Joined):
            out += bullet(_branched(pending.base.condition, group))
            done |= {other for other, _ in group}
        else:
            out += bullet(_update(var, pending))
            done.add(var)
    rest = [var for var in variables if var not in done]
    if rest:
        out += bullet(_unchanged(rest))
    return out


def _unchanged(rest: Sequence[str]) -> list[str]:
    return filled("UNCHANGED <<", rest, ">>") if len(rest) > 1 else [f"UNCHANGED {rest[0]}"]


def _together(one: Pending, other: Pending) -> bool:
    """Both are what the same branch made, and nothing on top."""
    if not (isinstance(one.base, Joined) and isinstance(other.base, Joined)):
        return False
    return one.base.condition == other.base.condition


def _branched(condition: str, group: Sequence[tuple[str, Pending]]) -> list[str]:
    sides: list[list[str]] = []
    for side in ("then", "otherwise"):
        out: list[str] = []
        same: list[str] = []
        for var, pending in group:
            assert isinstance(pending.base, Joined)
            made = pending.base.then if side == "then" else pending.base.otherwise
            if made == Pending(var):
                same.append(var)
            else:
                out += bullet(_update(var, made))
        if same:
            out += bullet(_unchanged(same))
        sides.append(out)
    return [f"IF {condition}", *hanging("THEN ", sides[0]), *hanging("ELSE ", sides[1])]


def _update(var: str, pending: Pending) -> list[str]:
    said = pending.lines()
    if len(said) == 1 and not said[0].startswith("IF "):
        said = [inner(said[0])]
    return hanging(f"{var}' = ", said)
