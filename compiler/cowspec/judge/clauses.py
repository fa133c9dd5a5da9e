"""Clauses of an invariant at a scope in words: `never pte[mm0, va0].page == page1, cpu0 at munmap.flush`."""

from cowspec.evidence.names import element
from cowspec.system.ir import StateVar, System


def clause_text(system: System, clause: tuple[tuple[str, tuple[int, ...], bool], ...]) -> str:
    """What the clause excludes, of these elements and of any others."""
    return "never " + ", ".join(_literal(system, *literal) for literal in clause)


def _literal(system: System, predicate: str, elements: tuple[int, ...], holds: bool) -> str:
    whole, _, member = predicate.partition("=")
    name = whole.removesuffix("?")
    var = next((var for var in system.vars if var.name == name), None)
    if var is None:  # a switch
        fix = predicate.removesuffix("=on")
        return fix if holds else f"not {fix}"
    index = [element(system, sort, e) for sort, e in zip(var.index, elements, strict=False)]
    if name.count("@") > 1:
        return _lock(name, index, holds)
    proc, is_local, rest = name.partition("@")
    if is_local and rest == "pc":
        if whole.endswith("?"):
            return f"{_place(proc, index, '')} {'!=' if holds else '=='} none"
        return f"{index[-1]} at {proc}.{member}" if holds else f"not ({index[-1]} at {proc}.{member})"
    base, _, field = rest.partition(".") if is_local else name.partition(".")
    place = _place(proc, index, f"{base}.{field}".rstrip(".")) if is_local else _place(base, index, field)
    return _compared(system, var, place, whole.endswith("?"), member, elements, holds)


def _compared(
    system: System, var: StateVar, place: str, present: bool, member: str, elements: tuple[int, ...], holds: bool
) -> str:
    if present:
        return f"{place} {'!=' if holds else '=='} none"
    if var.domain is None:
        return place if holds else f"not {place}"
    return f"{place} {'==' if holds else '!='} {member or element(system, var.domain, elements[-1])}"


def _place(name: str, index: list[str], field: str) -> str:
    return name + (f"[{', '.join(index)}]" if index else "") + (f".{field}" if field else "")


def _lock(name: str, index: list[str], holds: bool) -> str:
    """The table of a lock has a place for each call that can hold it; the CPU comes last."""
    lock, mode, *proc = name.split("@")
    *of, cpu = index or ["?"]
    return f"{'' if holds else 'not '}{_place(lock, of, '')}@{mode} by {'@'.join(proc)} on {cpu}"
