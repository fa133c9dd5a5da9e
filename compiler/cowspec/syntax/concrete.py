"""Questions about lark's tree with all tokens: where things begin and end, and what separates neighbours."""

from lark import Token, Tree

Branch = Tree[Token] | Token


def tokens_of(tree: Branch) -> list[Token]:
    """All tokens in order."""
    found: list[Token] = []
    rest: list[Branch] = [tree]
    while rest:
        branch = rest.pop()
        if isinstance(branch, Token):
            found.append(branch)
        else:
            rest += reversed(branch.children)
    return found


def start_of(token: Token) -> int:
    """The offset of a token that comes from a text."""
    assert token.start_pos is not None
    return token.start_pos


def first_token(branch: Branch) -> Token:
    while not isinstance(branch, Token):
        branch = next(child for child in branch.children if not is_empty(child))
    return branch


def last_token(branch: Branch) -> Token:
    while not isinstance(branch, Token):
        branch = next(child for child in reversed(branch.children) if not is_empty(child))
    return branch


def is_empty(branch: Branch) -> bool:
    """Whether it is a list of nothing."""
    return not isinstance(branch, Token) and branch.meta.empty


def is_sign(branch: Branch, sign: str) -> bool:
    return isinstance(branch, Token) and branch == sign


def position_of(sign: str, branches: list[Branch]) -> int:
    """Where a word or sign stands among branches; their number if nowhere."""
    return next((i for i, branch in enumerate(branches) if is_sign(branch, sign)), len(branches))


def on_one_line(tree: "Tree[Token]") -> bool:
    return tree.meta.line == tree.meta.end_line


def line_between(left: Branch, right: Branch) -> bool:
    """Whether a line ends between two neighbours."""
    return last_token(left).end_line != first_token(right).line


def blank_between(left: Token, right: Token) -> bool:
    """Whether one blank separates two tokens that follow each other on a line."""
    if right in (",", ":", "?", ".", ")", "]") or left in (".", "(", "["):
        return False
    return right not in ("(", "[") or not (left.type in ("NAME", "COUNT") or left in (")", "]"))
