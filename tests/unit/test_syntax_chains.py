"""Long chains of `and`, `or`, `+` become shallow trees with the same parts in the same order."""

import pytest
from cowspec.source import Source
from cowspec.syntax import ast
from cowspec.syntax.build_expressions import STRAIGHT_CHAIN, chain_depth
from cowspec.syntax.parse import MAX_DEPTH, parse


def depth(node: ast.Expr) -> int:
    return 1 + max(depth(node.left), depth(node.right)) if isinstance(node, ast.Binary) else 0


@pytest.mark.parametrize("parts", [2, 3, STRAIGHT_CHAIN, STRAIGHT_CHAIN + 1, 17, 100, 257, 3000])
@pytest.mark.parametrize("op", ["and", "or", "+"])
def test_chains(parts: int, op: str) -> None:
    written = [f"x{i}" for i in range(parts)]
    (item,) = parse(Source("x.cow", "init " + f" {op} ".join(written))).items
    assert isinstance(item, ast.InitDecl)
    tree = item.body
    assert depth(tree) <= chain_depth(parts) <= STRAIGHT_CHAIN + 12
    assert parts > STRAIGHT_CHAIN or depth(tree) == parts - 1
    leaves: list[str] = []
    rest = [tree]
    while rest:
        node = rest.pop()
        if isinstance(node, ast.Binary):
            assert node.op.value == op
            rest += [node.right, node.left]
        else:
            assert isinstance(node, ast.Name)
            leaves.append(node.text)
    assert leaves == written
    assert chain_depth(3000) < MAX_DEPTH
