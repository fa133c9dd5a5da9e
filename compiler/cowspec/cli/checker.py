"""Whether the verified checker is there; imports no solver."""

import click

from cowspec.cli.errors import BadInput
from cowspec.engines.instantiation.checking import checker_module


def needs_checker(_: click.Context, __: click.Parameter, path: str | None) -> str | None:
    """Said before minutes are spent on proofs. Raises `BadInput` if there is no checker."""
    if path is not None:
        require_checker()
    return path


def require_checker() -> None:
    """Raises `BadInput` if there is no checker."""
    try:
        checker_module()
    except ModuleNotFoundError:
        raise BadInput("error: certificates need drup, which is not installed: `pip install 'cowspec[cert]'`") from None
