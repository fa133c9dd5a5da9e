"""Imports go one way, down the list of ARCHITECTURE.md; `encode` and `evaluate` never meet; few modules know Z3."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "compiler" / "cowspec"

# Each stage may import the stages before it, and itself.
ORDER = (
    "source",
    "codes",
    "diagnostics",
    "syntax",
    "check",
    "mutation",
    "system",
    "verdict",
    "evaluate",
    "encode",
    "engines",
    "evidence",
    "judge",
    "report",
    "cli",
)
APART = {("evaluate", "encode"), ("encode", "evaluate")}
Z3_HOMES = ("encode/fol/", "engines/induction/", "cli/doctor.py")
SAT_HOMES = ("encode/finite/", "engines/bmc/", "engines/inference/", "engines/instantiation/search.py", "cli/doctor.py")
CHECKER_HOMES = ("engines/instantiation/checking.py",)
CVC5_HOMES = ("engines/cvc5_solver.py", "cli/doctor.py")
FILES = sorted(PACKAGE.rglob("*.py"))


def stage_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def test_every_stage_is_listed() -> None:
    assert {stage_of(path) for path in FILES} <= {*ORDER, "__init__", "__main__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    stage = stage_of(path)
    if stage in ("__init__", "__main__"):
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "cowspec" or len(parts) < 2 or parts[1].startswith("__"):
            continue
        target = parts[1]
        assert ORDER.index(target) <= ORDER.index(stage), f"{path.name} ({stage}) imports {name}"
        assert (stage, target) not in APART, f"{path.name} imports {name}"


HOMES = (("z3", Z3_HOMES), ("pysat", SAT_HOMES), ("cvc5", CVC5_HOMES), ("drup", CHECKER_HOMES))


@pytest.mark.parametrize(("library", "homes"), HOMES)
def test_solvers_have_homes(library: str, homes: tuple[str, ...]) -> None:
    users = {str(path.relative_to(PACKAGE)) for path in FILES if any(n.split(".")[0] == library for n in imports(path))}
    assert {user for user in users if not user.startswith(homes)} == set()
