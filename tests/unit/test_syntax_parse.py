"""The grammar is LALR(1) without conflicts, covers the samples, and gives the trees of `ast.py`."""

import random
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from cowspec.source import Source, Span
from cowspec.syntax import ast, grammar
from cowspec.syntax.ast import BinaryOp
from cowspec.syntax.build import Builder
from cowspec.syntax.parse import parse
from syntax_sentences import sentence, spread

SAMPLES = sorted((Path(__file__).parent / "syntax_samples").glob("*.cow"))
HERE = Span("x.cow", 0, 0)


def module(text: str) -> ast.Module:
    return parse(Source("x.cow", text))


def only(text: str) -> ast.Decl:
    (item,) = module(text).items
    return item


def expression(text: str) -> ast.Expr:
    item = only(f"init {text}")
    assert isinstance(item, ast.InitDecl)
    return item.body


def statements(text: str) -> tuple[ast.Stmt, ...]:
    item = only(f"action a() {{ {text} }}")
    assert isinstance(item, ast.ActionDecl)
    return item.body


def name(text: str) -> ast.Name:
    return ast.Name(text, span=HERE)


def names(text: str) -> tuple[ast.Name, ...]:
    return tuple(map(name, text.split()))


def binary(left: ast.Expr, op: str, right: ast.Expr) -> ast.Binary:
    return ast.Binary(BinaryOp(op), left, right, span=HERE)


def binder(text: str, type_: str, grouped: bool = False) -> ast.Binder:
    return ast.Binder(name(text), name(type_), grouped, span=HERE)


# ---- the grammar ---------------------------------------------------------------------------------------------------


def test_no_conflicts() -> None:
    """In strict mode lark refuses every shift/reduce conflict and every pair of terminals that match the same text."""
    from lark import Lark

    Lark(grammar.grammar_text(), parser="lalr", lexer="basic", strict=True)


def test_every_rule_has_a_callback() -> None:
    parser = grammar.abstract_parser()
    written = {rule.alias or (None if rule.options.expand1 else rule.origin.name) for rule in parser.rules}
    wanted = {str(rule) for rule in written if rule and not rule.startswith("_")}
    assert len(wanted) > 60
    assert {rule for rule in wanted if not hasattr(Builder, rule)} == set()


def test_words_are_reserved() -> None:
    words = [t.pattern.value for t in grammar.abstract_parser().terminals if t.pattern.type == "str"]
    words = [word for word in words if word.isidentifier() and word != "_"]
    assert len(words) > 60
    for word in words:
        with pytest.raises(Exception, match="E005"):
            module(f"sort A, {word}")


@pytest.mark.parametrize("word", ["read", "write", "begin", "acquire", "release", "downgrade"])
def test_some_words_may_name_a_step(word: str) -> None:
    item = only(f"proc p() {{ step {word} {{ goto {word} }} }} ")
    assert isinstance(item, ast.ProcDecl)
    assert item.steps[0].name == name(word)
    assert item.steps[0].body == (ast.Goto(name(word), span=HERE),)
    assert expression(f"t at p.{word}") == ast.At(name("t"), name("p"), name(word), span=HERE)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples(path: Path) -> None:
    text = path.read_text()
    tree = module(text)
    assert tree.name is not None or path.stem == "fork_munmap_gup"
    assert len(tree.items) >= 4
    assert module(text.replace("\n", "\r\n")) == tree
    assert module("\ufeff" + text) == tree
    assert module(text.replace("\n", "\n;\n")) == tree


def test_there_are_samples() -> None:
    assert len(SAMPLES) == 10


@pytest.mark.parametrize("seed", range(40))
def test_random_sentences_parse_and_blanks_mean_nothing(seed: int) -> None:
    chance = random.Random(seed)
    words = sentence(chance, depth=12)
    plain = module(" ".join(words))
    assert module(spread(words, chance, 0.05)[0]) == plain


# ---- spans ---------------------------------------------------------------------------------------------------------


def nodes(node: object) -> list[ast.Node]:
    found: list[ast.Node] = []
    rest = [node]
    while rest:
        item = rest.pop()
        if isinstance(item, ast.Node):
            found.append(item)
        if is_dataclass(item):
            rest += [getattr(item, field.name) for field in fields(item)]
        elif isinstance(item, tuple):
            rest += item
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_spans_cover_the_text_of_their_nodes(path: Path) -> None:
    text = path.read_text()
    all_nodes = nodes(module(text))
    assert len(all_nodes) > 60
    for node in all_nodes:
        assert node.span.path == "x.cow"
        part = text[node.span.start : node.span.end]
        assert part and part == part.strip(), node
        if isinstance(node, ast.Binder):  # several binders may share one written sort
            assert part == node.name.text
            continue
        for inner in nodes(node):
            assert node.span.start <= inner.span.start <= inner.span.end <= node.span.end, (node, inner)
        match node:
            case ast.Name(written):
                assert part in (written, f"({written})")
            case ast.Record():
                assert part[0] == "{" and part[-1] == "}"
            case ast.Index():
                assert part[-1] == "]"
            case _:
                pass


def test_a_parenthesis_belongs_to_what_it_encloses() -> None:
    text = "init not (a and b) or c"
    body = expression("not (a and b) or c")
    assert isinstance(body, ast.Binary) and isinstance(body.left, ast.Not)
    assert text[body.left.body.span.start : body.left.body.span.end] == "(a and b)"


# ---- declarations --------------------------------------------------------------------------------------------------


def test_an_empty_text() -> None:
    assert module("") == module(" // nothing\n") == ast.Module(None, (), span=HERE)


def test_module_and_use() -> None:
    tree = module("module kernel.fork  use machine, policy { may_reuse, exclusive }, a.b.c  use d")
    assert tree.name == "kernel.fork"
    assert tree.items == (
        ast.Use("machine", None, True, span=HERE),
        ast.Use("policy", names("may_reuse exclusive"), True, span=HERE),
        ast.Use("a.b.c", None, False, span=HERE),
        ast.Use("d", None, False, span=HERE),
    )


def test_sorts_structs_enums() -> None:
    assert only("ordered sort Gen") == ast.SortDecl(names("Gen"), True, span=HERE)
    assert only("sort A, B") == ast.SortDecl(names("A B"), False, span=HERE)
    assert only("enum E { a, b, }") == ast.EnumDecl(name("E"), names("a b"), span=HERE)
    page = ast.FieldDecl(name("page"), ast.TypeRef(name("Page"), True, True, span=HERE), span=HERE)
    write = ast.FieldDecl(name("write"), ast.TypeRef(name("bool"), False, False, span=HERE), span=HERE)
    assert only("struct S { page: ref Page?, write: bool }") == ast.StructDecl(name("S"), (page, write), span=HERE)


def test_variables() -> None:
    type_ = ast.TypeRef(name("Value"), True, False, span=HERE)
    any_start = ast.AnyStart(span=HERE)
    assert only("ghost var memory[Mm, Va]: Value? = any") == ast.VarDecl(
        name("memory"), names("Mm Va"), type_, any_start, True, span=HERE
    )
    assert only("var x: Value? = first") == ast.VarDecl(name("x"), (), type_, name("first"), False, span=HERE)
    assert only("var x: Value?") == ast.VarDecl(name("x"), (), type_, None, False, span=HERE)


def test_locks() -> None:
    assert only("rwlock l[Mm]") == ast.LockDecl(ast.LockKind.RWLOCK, name("l"), names("Mm"), span=HERE)
    assert only("mutex l") == ast.LockDecl(ast.LockKind.MUTEX, name("l"), (), span=HERE)
    assert only("seqcount l") == ast.LockDecl(ast.LockKind.SEQCOUNT, name("l"), (), span=HERE)


@pytest.mark.parametrize("separator", ["", ","])
def test_switches(separator: str) -> None:
    options = (ast.OptionDecl(name("a"), "first", span=HERE), ast.OptionDecl(name("b"), None, span=HERE))
    assert only(f'choice c {{ a "first"{separator} b{separator} }}') == ast.ChoiceDecl(name("c"), options, span=HERE)
    assert only('fix f "why"') == ast.FixDecl(name("f"), "why", span=HERE)


def test_definitions() -> None:
    params = (binder("m", "Mm", True), binder("k", "Mm"), binder("b", "Want"))
    assert only("def f(m, k: Mm, b: Want) = m == k") == ast.DefDecl(
        name("f"), params, binary(name("m"), "==", name("k")), span=HERE
    )
    assert only("macro f() { }") == ast.MacroDecl(name("f"), (), (), span=HERE)


def test_action_and_proc() -> None:
    assert only('action a(c: Cpu) "[ text ]" { }') == ast.ActionDecl(
        name("a"), (binder("c", "Cpu"),), "[ text ]", (), span=HERE
    )
    local = ast.VarDecl(name("x"), (), ast.TypeRef(name("Pte"), True, True, span=HERE), None, True, span=HERE)
    each = ast.Each((binder("a", "Va"),), name("c"), span=HERE)
    steps = (
        ast.StepDecl(name("s"), "text", each, (), span=HERE),
        ast.StepDecl(name("t"), None, None, (ast.Return(None, span=HERE),), span=HERE),
    )
    assert only('proc p() { ghost var x: ref Pte? step s "text" each a: Va where c { } step t { return } }') == (
        ast.ProcDecl(name("p"), (), (local,), steps, span=HERE)
    )


def test_properties() -> None:
    for kind in ast.PropertyKind:
        assert only(f'{kind.value} p "text": x') == ast.PropertyDecl(kind, name("p"), "text", name("x"), span=HERE)
        assert only(f"{kind.value} p: x") == ast.PropertyDecl(kind, name("p"), None, name("x"), span=HERE)


def test_scenario() -> None:
    item = only(
        'scenario s "text" { let m: Mm let c0, c1: Cpu allow a, b allow d c0: f(m, _) until begin c1: g() c0: finish '
        "expect p violated at Page=2, Cpu=3 when x expect q holds expect blocked expect blocked at Mm=1 when no fix }"
    )
    scope = ast.Scope(((name("Page"), 2), (name("Cpu"), 3)), span=HERE)
    anything = ast.Anything(span=HERE)
    assert item == ast.ScenarioDecl(
        name("s"),
        "text",
        (binder("m", "Mm"), binder("c0", "Cpu", True), binder("c1", "Cpu")),
        names("a b d"),
        (
            ast.ScriptLine(name("c0"), name("f"), (name("m"), anything), name("begin"), span=HERE),
            ast.ScriptLine(name("c1"), name("g"), (), None, span=HERE),
            ast.ScriptFinish(name("c0"), span=HERE),
        ),
        (
            ast.ScriptExpect(name("p"), ast.Outcome.VIOLATED, scope, name("x"), span=HERE),
            ast.ScriptExpect(name("q"), ast.Outcome.HOLDS, None, None, span=HERE),
            ast.ScriptExpect(None, ast.Outcome.BLOCKED, None, None, span=HERE),
            ast.ScriptExpect(
                None, ast.Outcome.BLOCKED, ast.Scope(((name("Mm"), 1),), span=HERE), ast.NoFix(span=HERE), span=HERE
            ),
        ),
        span=HERE,
    )


def test_expectations() -> None:
    kinds = [kind for kind in ast.ExpectedKind if kind is not ast.ExpectedKind.NO_VIOLATION]
    for kind in kinds:
        assert only(f"expect {{ p, q: {kind.value} }}") == ast.ExpectDecl(
            (ast.ExpectLine(names("p q"), kind, None, None, None, None, span=HERE),), span=HERE
        )
    scope = ast.Scope(((name("Cpu"), 2),), span=HERE)
    told = ast.ExpectLine(names("p"), ast.ExpectedKind.REFUTED, None, name("story"), None, None, span=HERE)
    assert only("expect { p: refuted by story }") == ast.ExpectDecl((told,), span=HERE)
    bounded = ast.ExpectLine(names("p"), ast.ExpectedKind.NO_VIOLATION, 12, None, scope, name("x"), span=HERE)
    assert only("expect { p: no_violation within 12 at Cpu=2 when x }") == ast.ExpectDecl((bounded,), span=HERE)


def test_costs() -> None:
    assert only('cost copy "pages copied"') == ast.CostDecl(name("copy"), "pages copied", span=HERE)
    plain, counted = statements("spend copy  spend ipi for c: Cpu, m: Mm where x")
    assert plain == ast.Spend(name("copy"), (), None, span=HERE)
    binders = (ast.Binder(name("c"), name("Cpu"), span=HERE), ast.Binder(name("m"), name("Mm"), span=HERE))
    assert counted == ast.Spend(name("ipi"), binders, name("x"), span=HERE)


# ---- statements ----------------------------------------------------------------------------------------------------


def test_if_statements() -> None:
    x, y = ast.Note("x", span=HERE), ast.Note("y", span=HERE)
    assert statements('if a { note "x" }') == (ast.If(name("a"), (x,), (), span=HERE),)
    inner = ast.If(name("b"), (x,), (y,), span=HERE)
    assert statements('if a { } else if b { note "x" } else { note "y" }') == (
        ast.If(name("a"), (), (inner,), span=HERE),
    )


def test_match_statement() -> None:
    cases = (
        ast.MatchCase(names("a b"), (ast.Return("r", span=HERE),), span=HERE),
        ast.MatchCase(names("c"), (), span=HERE),
    )
    assert statements('match x { a, b => { return "r" } c => { } }') == (ast.MatchStmt(name("x"), cases, span=HERE),)


def test_assignments() -> None:
    target = ast.FieldOf(ast.Index(name("pte"), names("m a"), span=HERE), name("write"), span=HERE)
    choose = ast.Choose(name("q"), name("Page"), name("c"), span=HERE)
    assert statements("pte[m, a].write := true x := choose q: Page where c let y = choose q: Page where c z := y") == (
        ast.Assign(target, ast.Bool(True, span=HERE), span=HERE),
        ast.Assign(name("x"), choose, span=HERE),
        ast.Let(name("y"), choose, span=HERE),
        ast.Assign(name("z"), name("y"), span=HERE),
    )


def test_locking() -> None:
    lock = ast.Index(name("l"), names("m"), span=HERE)
    assert statements("acquire l[m] for read acquire l[m] for write acquire l[m] release l[m] downgrade l[m]") == (
        ast.Acquire(lock, ast.LockMode.READ, span=HERE),
        ast.Acquire(lock, ast.LockMode.WRITE, span=HERE),
        ast.Acquire(lock, None, span=HERE),
        ast.Release(lock, span=HERE),
        ast.Downgrade(lock, span=HERE),
    )
    assert statements("begin l[m]") == (ast.Begin(lock, span=HERE),)


def test_other_statements() -> None:
    assert statements("require x call p(a) q() forall c: Cpu where x { } goto s") == (
        ast.Require(name("x"), span=HERE),
        ast.Call(name("p"), names("a"), span=HERE),
        ast.UseMacro(name("q"), (), span=HERE),
        ast.Bulk((binder("c", "Cpu"),), name("x"), (), span=HERE),
        ast.Goto(name("s"), span=HERE),
    )


# ---- expressions ---------------------------------------------------------------------------------------------------


def test_precedence() -> None:
    a, b, c, d, e = names("a b c d e")
    assert expression("a or b and not c == d -> e") == binary(
        binary(a, "or", binary(b, "and", ast.Not(binary(c, "==", d), span=HERE))), "->", e
    )
    assert expression("a -> b -> c") == binary(a, "->", binary(b, "->", c))
    assert expression("(a -> b) -> c") == binary(binary(a, "->", b), "->", c)
    assert expression("a and b and c") == binary(binary(a, "and", b), "and", c)
    assert expression("a and (b and c)") == binary(a, "and", binary(b, "and", c))
    assert expression("refs(a) + b + c <= 2") == binary(
        binary(binary(ast.Apply(name("refs"), (a,), span=HERE), "+", b), "+", c), "<=", ast.Int(2, span=HERE)
    )
    assert expression("not a == b") == ast.Not(binary(a, "==", b), span=HERE)


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
def test_comparisons(op: str) -> None:
    assert expression(f"a {op} b") == binary(name("a"), op, name("b"))


def test_a_quantifier_reaches_to_the_right() -> None:
    body = binary(name("a"), "->", name("b"))
    inner = ast.Quantified(ast.QuantKind.EXISTS, (binder("d", "Cpu"),), None, body, span=HERE)
    outer = ast.Quantified(ast.QuantKind.FORALL, (binder("c", "Cpu"),), name("w"), inner, span=HERE)
    assert expression("forall c: Cpu where w: exists d: Cpu: a -> b") == outer
    assert expression("x -> exists d: Cpu: a -> b") == binary(name("x"), "->", inner)


def test_other_expressions() -> None:
    a, b = names("a b")
    assert expression("if a then b else if b then a else b") == ast.IfElse(
        a, b, ast.IfElse(b, a, b, span=HERE), span=HERE
    )
    assert expression("match c { a, b => a x => b }") == ast.Match(
        name("c"), (ast.MatchCase((a, b), a, span=HERE), ast.MatchCase(names("x"), b, span=HERE)), span=HERE
    )
    record = ast.Record(((name("page"), a), (name("write"), ast.Bool(False, span=HERE))), span=HERE)
    assert expression("x == { page: a, write: false }") == binary(name("x"), "==", record)
    assert expression("count(c: Cpu, m: Mm where a) == 1") == binary(
        ast.Count((binder("c", "Cpu"), binder("m", "Mm")), a, span=HERE), "==", ast.Int(1, span=HERE)
    )
    assert expression("p[self].old == none") == binary(
        ast.FieldOf(ast.Index(name("p"), (ast.Self(span=HERE),), span=HERE), name("old"), span=HERE),
        "==",
        ast.NoneValue(span=HERE),
    )
    assert expression("no fix and true") == binary(ast.NoFix(span=HERE), "and", ast.Bool(True, span=HERE))
