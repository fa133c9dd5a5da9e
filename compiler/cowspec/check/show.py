"""Types as text, for messages."""

from typing import assert_never

from cowspec.check.typed import BaseType, BoolType, EnumType, SortType, StructType, Type


def show_base(base: BaseType) -> str:
    match base:
        case BoolType():
            return "bool"
        case SortType(name=name) | EnumType(name=name) | StructType(name=name):
            return name
        case _:
            assert_never(base)


def show(shown: Type) -> str:
    """`Page?`"""
    return show_base(shown.base) + ("?" if shown.optional else "")
