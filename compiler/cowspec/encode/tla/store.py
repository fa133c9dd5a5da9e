"""What the variables hold in the middle of a step, as TLA+ text.

A step of the model is a list of assignments, each seeing those before it; an action of TLA+ says all new values at
once. So the assignments wait here as clauses of one `EXCEPT` per variable, all over the state before the step. A later
read is answered from what waits: by the value assigned to just that place, or by the old state if the assignments are
to other fields. Only where neither can be told, what waits becomes a `LET`, and the read is of that.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from cowspec.encode.tla.text import hanging, indented, inner, pick


@dataclass(frozen=True, slots=True)
class Rec:
    """A record whose fields are known one by one."""

    fields: tuple[tuple[str, "Value"], ...]


Value = str | Rec
SHORT = 50  # a longer value is not written twice


def text(value: Value) -> str:
    if isinstance(value, str):
        return value
    return "[" + ", ".join(f"{name} |-> {text(inside)}" for name, inside in value.fields) + "]"


def select(value: Value, path: tuple[str, ...]) -> Value:
    """A field of a value, and of that, ..."""
    for name in path:
        value = dict(value.fields)[name] if isinstance(value, Rec) else f"{inner(value)}.{name}"
    return value


def _with(value: Rec, path: tuple[str, ...], new: Value) -> Rec | None:
    """The record with one field changed; None if that field is not known by its parts."""
    head, *rest = path
    fields = []
    for name, old in value.fields:
        if name != head:
            fields.append((name, old))
        elif not rest:
            fields.append((name, new))
        elif isinstance(old, Rec) and (changed := _with(old, tuple(rest), new)) is not None:
            fields.append((name, changed))
        else:
            return None
    return Rec(tuple(fields))


@dataclass(frozen=True, slots=True)
class Clause:
    """`![m, a].write = TRUE`; no index (None) for a variable without one, no path for the whole entry."""

    index: str | None
    path: tuple[str, ...]
    value: Value
    same: frozenset[str] = frozenset()  # fields that keep the value they had

    def apart(self, path: tuple[str, ...]) -> bool:
        """Surely no change to this field, at any index."""
        n = min(len(self.path), len(path))
        return self.path[:n] != path[:n] or (not self.path and bool(path) and path[0] in self.same)

    @property
    def place(self) -> str:
        at = "" if self.index is None else f"[{self.index}]"
        return "".join((at, *(f".{name}" for name in self.path)))


@dataclass(frozen=True, slots=True)
class Joined:
    """What a branch makes of a variable, if it goes on after the branch."""

    condition: str
    then: "Pending"
    otherwise: "Pending"


@dataclass(frozen=True, slots=True)
class Pending:
    """`base`, a variable or a name, with clauses on top; or another expression (`whole`) without."""

    base: "str | Joined"
    whole: bool = False
    clauses: tuple[Clause, ...] = ()

    def writing(self, clause: Clause) -> "Pending":
        """With one more clause. What it overwrites is dropped, as far as it is surely the same place."""
        if clause.index is None and not clause.path:
            return Pending(text(clause.value), whole=True)
        if isinstance(self.base, Joined):
            then, otherwise = self.base.then.writing(clause), self.base.otherwise.writing(clause)
            return Pending(Joined(self.base.condition, then, otherwise))
        kept = list(self.clauses)
        tail: list[Clause] = []
        while kept and kept[-1].index == clause.index:
            last = kept.pop()
            n = len(last.path)
            if clause.path == last.path:
                return replace(self, clauses=(*kept, clause, *tail))
            if clause.path[:n] == last.path and isinstance(last.value, Rec):
                changed = _with(last.value, clause.path[n:], clause.value)
                if changed is not None:
                    same = last.same - set(clause.path[n : n + 1])
                    return replace(self, clauses=(*kept, Clause(last.index, last.path, changed, same), *tail))
            if last.path[: len(clause.path)] == clause.path:
                continue  # overwritten
            if clause.path[:n] == last.path:
                tail.insert(0, last)
                break
            tail.insert(0, last)
        return replace(self, clauses=(*kept, *tail, clause))

    def found(self, index: str | None, path: tuple[str, ...]) -> "Value | None":
        """The value at a place; None if it cannot be told."""
        for clause in reversed(self.clauses):
            if clause.apart(path) and (clause.index != index or clause.path):
                continue
            if clause.index == index and len(clause.path) <= len(path):
                return select(clause.value, path[len(clause.path) :])
            return None
        if isinstance(self.base, Joined):
            then = self.base.then.found(index, path)
            otherwise = self.base.otherwise.found(index, path)
            if then is None or otherwise is None:
                return None
            same = text(then) == text(otherwise)
            return then if same else f"({pick(self.base.condition, text(then), text(otherwise))})"
        if self.whole:
            return select(self.base, path) if index is None else None
        at = self.base if index is None else f"{self.base}[{index}]"
        return select(at, path)

    def keeps(self, path: tuple[str, ...]) -> bool:
        """Whether this field is everywhere what it was before the step."""
        if not all(clause.apart(path) for clause in self.clauses):
            return False
        if isinstance(self.base, Joined):
            return self.base.then.keeps(path) and self.base.otherwise.keeps(path)
        return not self.whole

    def is_plain(self) -> bool:
        """Clauses on a variable or a name."""
        return isinstance(self.base, str) and not self.whole

    def is_joined(self) -> bool:
        """Clauses on both sides of a branch can take one more."""
        if isinstance(self.base, str):
            return not self.whole
        return not self.clauses and self.base.then.is_joined() and self.base.otherwise.is_joined()

    def only_fields(self) -> bool:
        if isinstance(self.base, Joined):
            below = self.base.then.only_fields() and self.base.otherwise.only_fields()
        else:
            below = not self.whole
        return below and all(clause.path for clause in self.clauses)

    def base_variable(self) -> str:
        """What the changes are made to."""
        return self.base.then.base_variable() if isinstance(self.base, Joined) else self.base

    def confined(self, index: str) -> "str | None":
        """The variable, if it has changed at this index only."""
        if not all(clause.index == index for clause in self.clauses):
            return None
        if isinstance(self.base, Joined):
            then = self.base.then.confined(index)
            return then if then == self.base.otherwise.confined(index) else None
        return None if self.whole else self.base

    def lines(self) -> list[str]:
        """The value of the whole variable."""
        if isinstance(self.base, Joined):
            then, otherwise = self.base.then.lines(), self.base.otherwise.lines()
            base = [
                f"IF {self.base.condition}", *hanging("THEN ", then), *hanging("ELSE ", otherwise),
            ]  # fmt: skip
        else:
            base = [self.base]
        if not self.clauses:
            return base
        heads = [f"!{clause.place} = {text(clause.value)}" for clause in self.clauses]
        before = f" = {self.base}{self.clauses[0].place} "
        heads[0] = heads[0].replace(before, " = @ ", 1)
        if isinstance(self.base, Joined):
            raise ValueError("a branch is named before it is written over")
        return _laid_out(f"[{self.base} EXCEPT ", heads)

    def __str__(self) -> str:
        return " ".join(line.strip() for line in self.lines())


def _laid_out(head: str, parts: list[str]) -> list[str]:
    line = head + ", ".join(parts) + "]"
    if len(line) <= 90 or len(parts) < 2:
        return [line]
    lines = [part + ("," if n + 1 < len(parts) else "]") for n, part in enumerate(parts)]
    return [head + lines[0], *indented(lines[1:], len(head))]


Name = Callable[[str, Pending], str]
"""Gives what waits for a variable a name, by a `LET`."""


class Store:
    """The variables of one path; `waiting` by the TLA+ name."""

    def __init__(self, waiting: dict[str, Pending], name: Name) -> None:
        self.waiting = waiting
        self._name = name

    def touched(self, var: str) -> bool:
        return var in self.waiting

    def keeps(self, var: str, path: tuple[str, ...]) -> bool:
        """Whether this field of a variable is everywhere what it was before the step."""
        pending = self.waiting.get(var)
        return pending is None or (pending.keeps(path) and pending.base_variable() == var)

    def same_presence(self, var: str, index: str | None) -> str:
        """The entry before the step, if since then only fields have been written; else a text that nothing is."""
        pending = self.waiting.get(var)
        if pending is not None and not (pending.only_fields() and pending.base_variable() == var):
            return "?"
        return var if index is None else f"{var}[{index}]"

    def dry(self) -> "Store":
        """The same, to look at only: a read that needs a LET gives `?`."""
        return Store(dict(self.waiting), lambda var, pending: "?")

    def current(self, var: str) -> str:
        """A name for what the variable holds now."""
        pending = self.waiting.get(var)
        if pending is None:
            return var
        if isinstance(pending.base, str) and not pending.clauses and not pending.whole:
            return pending.base
        name = self._name(var, pending)
        self.waiting[var] = Pending(name)
        return name

    def read(self, var: str, index: str | None, path: tuple[str, ...] = ()) -> Value:
        found = self.waiting.get(var, Pending(var)).found(index, path)
        if found is not None:
            return found
        now = self.current(var)
        return select(now if index is None else f"{now}[{index}]", path)

    def write(
        self, var: str, index: str | None, path: tuple[str, ...], value: Value, same: frozenset[str] = frozenset()
    ) -> None:
        pending = self.waiting.get(var, Pending(var))
        if index is not None and not path and (base := pending.confined(index)) is not None:
            pending = Pending(base)
        whole = index is None and not path
        if not whole and not (pending.is_plain() or (pending.is_joined() and len(text(value)) < SHORT)):
            pending = Pending(self.current(var))
        self.waiting[var] = pending.writing(Clause(index, path, value, same))

    def replace(self, var: str, whole: str) -> None:
        """A new value for the whole variable; `whole` speaks of `current(var)` where it needs it."""
        self.waiting[var] = Pending(whole, whole=True)

    def forget(self, var: str) -> None:
        """The variable keeps its old value."""
        self.waiting.pop(var, None)
