"""A state as TLC prints it, read back as a state of the system.

    /\\ pte = (<<mm0, va0>> :> [page |-> page0, write |-> TRUE])
    /\\ mmap_lock = (mm0 :> [readers |-> {<<cpu0, "fork">>}, writers |-> {}])

In TLA+ text, out a table for each variable of the system. What does not fit the module raises `StateError`.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product

from cowspec.check.typed import EnumType, SortType, StructType, Type
from cowspec.encode.tla.module import Module, element_names
from cowspec.encode.tla.symbols import IDLE, PC, PRESENT, READERS, SEEN, WRITERS, label
from cowspec.encode.tla.symbols import field as field_name
from cowspec.system.ir import Scope, State, StateVar, System, Value

Parsed = bool | str | tuple["Parsed", ...] | frozenset["Parsed"] | Mapping["Parsed", "Parsed"]
"""Strings and model values are texts; functions and records are mappings."""

_TOKEN = re.compile(r'<<|>>|:>|@@|\|->|/\\|"(?:[^"\\]|\\.)*"|-?[A-Za-z0-9_]+|[\[\](){},=]')
_PARTS = {"read": READERS, "write": WRITERS, "seen": SEEN}


class StateError(Exception):
    """The text is no state of this module."""


def parse_state(text: str) -> dict[str, Parsed]:
    """The value of each variable, by its TLA+ name. A single variable stands without `/\\`."""
    reader = _Reader(_TOKEN.findall(text))
    found: dict[str, Parsed] = {}
    while not reader.at_end():
        if found or reader.peek() == "/\\":
            reader.take("/\\")
        name = reader.next()
        reader.take("=")
        found[name] = reader.value()
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def at_end(self) -> bool:
        return self._at == len(self._tokens)

    def peek(self) -> str:
        return "" if self.at_end() else self._tokens[self._at]

    def next(self) -> str:
        if self.at_end():
            raise StateError("the state ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def take(self, token: str) -> None:
        if (found := self.next()) != token:
            raise StateError(f"`{found}` stands where `{token}` should")

    def value(self) -> Parsed:
        token = self.next()
        match token:
            case "(":
                return self._function()
            case "[":
                return dict(self._fields())
            case "{":
                return frozenset(self._several("}"))
            case "<<":
                return tuple(self._several(">>"))
            case "TRUE" | "FALSE":
                return token == "TRUE"
            case _:
                return token[1:-1].replace('\\"', '"').replace("\\\\", "\\") if token[0] == '"' else token

    def _function(self) -> Parsed:
        """`k :> v @@ k :> v)`, or a value in parentheses."""
        first = self.value()
        if self.peek() == ")":
            self.next()
            return first
        found: dict[Parsed, Parsed] = {}
        while True:
            self.take(":>")
            found[first] = self.value()
            if self.next() == ")":
                return found
            first = self.value()

    def _fields(self) -> Iterator[tuple[Parsed, Parsed]]:
        while True:
            name = self.next()
            self.take("|->")
            yield name, self.value()
            if self.next() == "]":
                return

    def _several(self, end: str) -> Iterator[Parsed]:
        while self.peek() != end:
            yield self.value()
            if self.peek() == ",":
                self.next()
        self.next()


# ---- tables --------------------------------------------------------------------------------------------------------


def state_of(module: Module, system: System, scope: Scope, text: str) -> tuple[State, str]:
    """The state, and what stands in `fault` ("": the last step was none)."""
    try:
        parsed = parse_state(text)
        decoder = _Decoder(module, system, scope, parsed)
        state = tuple(decoder.table(var) for var in system.vars)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StateError(f"TLC's state does not fit the model: {error!r}") from error
    return state, str(parsed.get("fault", ""))


class _Decoder:
    def __init__(self, module: Module, system: System, scope: Scope, parsed: Mapping[str, Parsed]) -> None:
        self.symbols, self.parsed = module.symbols, parsed
        self.elements = element_names(module.symbols, scope)
        self.enums = dict(system.enums)

    def table(self, var: StateVar) -> tuple[Value, ...]:
        return tuple(self._cell(var, index) for index in product(*(self.elements[sort] for sort in var.index)))

    def _cell(self, var: StateVar, index: tuple[str, ...]) -> Value:
        name = var.name.split("@")
        match name:
            case [lock, mode, proc]:
                holders = _record(self._entry(lock, index[:-1]))[_PARTS[mode]]
                if not isinstance(holders, frozenset):
                    raise TypeError(f"the holders of {lock} are no set")
                return (index[-1], proc) in holders
            case [proc, "pc"]:
                labels = [IDLE, *map(label, self.enums[f"{proc}@step"])]
                number = labels.index(f'"{_record(self._entry(proc, index))[PC]}"')
                return number - 1 if number else None
            case [proc, path]:
                local, *rest = path.split(".")
                of = self.symbols.layout.frames[proc].names[local]
                return self._value(var, _record(self._entry(proc, index))[field_name(local)], of, rest)
            case _:
                head, *rest = var.source
                return self._value(var, self._entry(head, index), self.symbols.layout.shapes[head], rest)

    def _entry(self, table: str, index: tuple[str, ...]) -> Parsed:
        whole = self.parsed[self.symbols.tables[table].name]
        if not index:
            return whole
        return _record(whole)[index[0] if len(index) == 1 else index]

    def _value(self, var: StateVar, value: Parsed, of: Type, path: list[str]) -> Value:
        for name in path:
            assert isinstance(of.base, StructType)
            of = dict(self.symbols.layout.structs[of.base.name])[name]
            value = _record(value)[field_name(name)]
        match of.base:
            case StructType(struct):
                return self._is_present(struct, _record(value))
            case SortType(sort):
                return None if value == self.symbols.none[sort] else self.elements[sort].index(str(value))
            case EnumType(enum):
                return None if value == "none" else self.enums[enum].index(str(value))
            case _:
                if not isinstance(value, bool):
                    raise TypeError(f"{var.name} is no boolean: {value}")
                return value

    def _is_present(self, struct: str, record: Mapping[Parsed, Parsed]) -> bool:
        if self.symbols.marked(struct):
            return record[PRESENT] is True
        for name, of in self.symbols.layout.structs[struct]:
            if not of.optional and isinstance(of.base, SortType | EnumType):
                return record[field_name(name)] != self.symbols.absent(of).strip('"')
        raise ValueError(f"struct {struct} has no field that tells")


def _record(value: Parsed) -> Mapping[Parsed, Parsed]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is no function or record")
    return value
