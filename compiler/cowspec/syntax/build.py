"""Turns lark's tree into `ast.Module`: one method per rule of `grammar.lark`. What the grammar accepts is a tree."""

from cowspec.source import Span
from cowspec.syntax import ast
from cowspec.syntax.build_expressions import Args, Binders, ExpressionBuilder, Names
from lark import Token, Tree
from lark.tree import Meta
from lark.visitors import v_args

Block = tuple[ast.Stmt, ...]
Script = tuple[ast.ScriptLine | ast.ScriptFinish, ...]
Verdict = tuple[ast.ExpectedKind, int | None, ast.Name | None]
Sizes = tuple[tuple[ast.Name, int], ...]


def build(path: str, tree: "Tree[Token]") -> ast.Module:
    """The module of the whole-file tree of the file called `path`."""
    return Builder(path).transform(tree)


@v_args(inline=True, meta=True)
class Builder(ExpressionBuilder):
    """The callbacks for declarations and statements."""

    # ---- modules, sorts, state ----

    def start(self, meta: Meta, module: str | None, *items: "ast.Decl | tuple[ast.Use, ...]") -> ast.Module:
        flat: list[ast.Decl] = []
        for item in items:
            if isinstance(item, tuple):
                flat += item
            else:
                flat.append(item)
        span = Span(self._path, 0, 0) if meta.empty else self._span(meta)
        return ast.Module(module, tuple(flat), span=span)

    def module(self, meta: Meta, name: str) -> str:
        return name

    def uses(self, meta: Meta, *uses: ast.Use) -> tuple[ast.Use, ...]:
        last = uses[-1]
        return (*(ast.Use(use.module, use.names, grouped=True, span=use.span) for use in uses[:-1]), last)

    def use(self, meta: Meta, module: str, names: Names | None) -> ast.Use:
        return ast.Use(module, names, span=self._span(meta))

    def dotted(self, meta: Meta, *names: ast.Name) -> str:
        return ".".join(name.text for name in names)

    def sort(self, meta: Meta, ordered: Token | None, names: Names) -> ast.SortDecl:
        return ast.SortDecl(names, ordered is not None, span=self._span(meta))

    def struct(self, meta: Meta, name: ast.Name, *fields: ast.FieldDecl) -> ast.StructDecl:
        return ast.StructDecl(name, fields, span=self._span(meta))

    def field(self, meta: Meta, name: ast.Name, type_: ast.TypeRef) -> ast.FieldDecl:
        return ast.FieldDecl(name, type_, span=self._span(meta))

    def enum(self, meta: Meta, name: ast.Name, *members: ast.Name) -> ast.EnumDecl:
        return ast.EnumDecl(name, members, span=self._span(meta))

    def type(self, meta: Meta, ref: Token | None, name: ast.Name, optional: Token | None) -> ast.TypeRef:
        return ast.TypeRef(name, optional is not None, ref is not None, span=self._span(meta))

    def var(
        self,
        meta: Meta,
        ghost: Token | None,
        name: ast.Name,
        index: Names | None,
        type_: ast.TypeRef,
        start: "ast.Expr | ast.AnyStart | None",
    ) -> ast.VarDecl:
        return ast.VarDecl(name, index or (), type_, start, ghost is not None, span=self._span(meta))

    def index(self, meta: Meta, names: Names) -> Names:
        return names

    def any_start(self, meta: Meta) -> ast.AnyStart:
        return ast.AnyStart(span=self._span(meta))

    def lock(self, meta: Meta, kind: ast.LockKind, name: ast.Name, index: Names | None) -> ast.LockDecl:
        return ast.LockDecl(kind, name, index or (), span=self._span(meta))

    def lock_kind(self, meta: Meta, word: Token) -> ast.LockKind:
        return ast.LockKind(str(word))

    def init(self, meta: Meta, body: ast.Expr) -> ast.InitDecl:
        return ast.InitDecl(body, span=self._span(meta))

    def cost(self, meta: Meta, name: ast.Name, text: str) -> ast.CostDecl:
        return ast.CostDecl(name, text, span=self._span(meta))

    # ---- switches, definitions ----

    def choice(self, meta: Meta, name: ast.Name, *options: ast.OptionDecl) -> ast.ChoiceDecl:
        return ast.ChoiceDecl(name, options, span=self._span(meta))

    def option(self, meta: Meta, name: ast.Name, text: str | None) -> ast.OptionDecl:
        return ast.OptionDecl(name, text, span=self._span(meta))

    def fix(self, meta: Meta, name: ast.Name, text: str) -> ast.FixDecl:
        return ast.FixDecl(name, text, span=self._span(meta))

    def define(self, meta: Meta, name: ast.Name, params: Binders, body: ast.Expr) -> ast.DefDecl:
        return ast.DefDecl(name, params, body, span=self._span(meta))

    def macro(self, meta: Meta, name: ast.Name, params: Binders, body: Block) -> ast.MacroDecl:
        return ast.MacroDecl(name, params, body, span=self._span(meta))

    def params(self, meta: Meta, binders: Binders | None) -> Binders:
        return binders or ()

    # ---- actions and procs ----

    def action(self, meta: Meta, name: ast.Name, params: Binders, text: str | None, body: Block) -> ast.ActionDecl:
        return ast.ActionDecl(name, params, text, body, span=self._span(meta))

    def proc(
        self,
        meta: Meta,
        name: ast.Name,
        params: Binders,
        locals_: tuple[ast.VarDecl, ...],
        steps: tuple[ast.StepDecl, ...],
    ) -> ast.ProcDecl:
        return ast.ProcDecl(name, params, locals_, steps, span=self._span(meta))

    def locals(self, meta: Meta, *variables: ast.VarDecl) -> tuple[ast.VarDecl, ...]:
        return variables

    def local(self, meta: Meta, ghost: Token | None, name: ast.Name, type_: ast.TypeRef) -> ast.VarDecl:
        return ast.VarDecl(name, (), type_, None, ghost is not None, span=self._span(meta))

    def steps(self, meta: Meta, *steps: ast.StepDecl) -> tuple[ast.StepDecl, ...]:
        return steps

    def step(
        self, meta: Meta, name: ast.Name, text: str | None, each: ast.Each | None, body: Block
    ) -> ast.StepDecl:  # fmt: skip
        return ast.StepDecl(name, text, each, body, span=self._span(meta))

    def each(self, meta: Meta, binders: Binders, where: ast.Expr | None) -> ast.Each:
        return ast.Each(binders, where, span=self._span(meta))

    # ---- statements ----

    def block(self, meta: Meta, *statements: ast.Stmt) -> Block:
        return statements

    def require(self, meta: Meta, condition: ast.Expr) -> ast.Require:
        return ast.Require(condition, span=self._span(meta))

    def if_stmt(self, meta: Meta, condition: ast.Expr, then: Block, otherwise: "Block | ast.If | None") -> ast.If:
        if isinstance(otherwise, ast.If):
            otherwise = (otherwise,)
        return ast.If(condition, then, otherwise or (), span=self._span(meta))

    def match_stmt(self, meta: Meta, subject: ast.Expr, *cases: ast.MatchCase) -> ast.MatchStmt:
        return ast.MatchStmt(subject, cases, span=self._span(meta))

    def stmt_case(self, meta: Meta, options: Names, body: Block) -> ast.MatchCase:
        return ast.MatchCase(options, body, span=self._span(meta))

    def let(self, meta: Meta, name: ast.Name, value: ast.Rhs) -> ast.Let:
        return ast.Let(name, value, span=self._span(meta))

    def assign(self, meta: Meta, target: ast.Expr, value: ast.Rhs) -> ast.Assign:
        return ast.Assign(target, value, span=self._span(meta))

    def bulk(self, meta: Meta, binders: Binders, where: ast.Expr | None, body: Block) -> ast.Bulk:
        return ast.Bulk(binders, where, body, span=self._span(meta))

    def acquire(self, meta: Meta, lock: ast.Expr, mode: ast.LockMode | None) -> ast.Acquire:
        return ast.Acquire(lock, mode, span=self._span(meta))

    def lock_mode(self, meta: Meta, word: ast.Name) -> ast.LockMode:
        return ast.LockMode(word.text)

    def release(self, meta: Meta, lock: ast.Expr) -> ast.Release:
        return ast.Release(lock, span=self._span(meta))

    def downgrade(self, meta: Meta, lock: ast.Expr) -> ast.Downgrade:
        return ast.Downgrade(lock, span=self._span(meta))

    def begin(self, meta: Meta, lock: ast.Expr) -> ast.Begin:
        return ast.Begin(lock, span=self._span(meta))

    def goto(self, meta: Meta, step: ast.Name) -> ast.Goto:
        return ast.Goto(step, span=self._span(meta))

    def return_(self, meta: Meta, text: str | None) -> ast.Return:
        return ast.Return(text, span=self._span(meta))

    def note(self, meta: Meta, text: str) -> ast.Note:
        return ast.Note(text, span=self._span(meta))

    def spend(self, meta: Meta, cost: ast.Name, binders: Binders | None, where: ast.Expr | None) -> ast.Spend:
        return ast.Spend(cost, binders or (), where, span=self._span(meta))

    def call(self, meta: Meta, proc: ast.Name, args: Args | None) -> ast.Call:
        return ast.Call(proc, args or (), span=self._span(meta))

    def use_macro(self, meta: Meta, macro: ast.Name, args: Args | None) -> ast.UseMacro:
        return ast.UseMacro(macro, args or (), span=self._span(meta))

    # ---- properties, scenarios, expectations ----

    def property(
        self, meta: Meta, kind: ast.PropertyKind, name: ast.Name, text: str | None, body: ast.Expr
    ) -> ast.PropertyDecl:
        return ast.PropertyDecl(kind, name, text, body, span=self._span(meta))

    def property_kind(self, meta: Meta, word: Token) -> ast.PropertyKind:
        return ast.PropertyKind(str(word))

    def scenario(
        self,
        meta: Meta,
        name: ast.Name,
        text: str | None,
        names: Binders,
        allowed: Names,
        lines: Script,
        expects: tuple[ast.ScriptExpect, ...],
    ) -> ast.ScenarioDecl:
        return ast.ScenarioDecl(name, text, names, allowed, lines, expects, span=self._span(meta))

    def script_names(self, meta: Meta, *lines: Binders) -> Binders:
        return tuple(binder for line in lines for binder in line)

    def script_let(self, meta: Meta, binders: Binders) -> Binders:
        return binders

    def allow(self, meta: Meta, names: Names) -> Names:
        return names

    def script_allow(self, meta: Meta, *lines: Names) -> Names:
        return tuple(name for line in lines for name in line)

    def script(self, meta: Meta, *lines: ast.ScriptLine | ast.ScriptFinish) -> Script:
        return lines

    def script_call(
        self, meta: Meta, cpu: ast.Name, operation: ast.Name, args: Args | None, until: ast.Name | None
    ) -> ast.ScriptLine:
        return ast.ScriptLine(cpu, operation, args or (), until, span=self._span(meta))

    def script_args(self, meta: Meta, *args: ast.Expr) -> Args:
        return args

    def anything(self, meta: Meta) -> ast.Anything:
        return ast.Anything(span=self._span(meta))

    def script_finish(self, meta: Meta, cpu: ast.Name) -> ast.ScriptFinish:
        return ast.ScriptFinish(cpu, span=self._span(meta))

    def script_expects(self, meta: Meta, *expects: ast.ScriptExpect) -> tuple[ast.ScriptExpect, ...]:
        return expects

    def script_expect(
        self, meta: Meta, name: ast.Name, outcome: ast.Outcome, scope: ast.Scope | None, when: ast.Expr | None
    ) -> ast.ScriptExpect:
        return ast.ScriptExpect(name, outcome, scope, when, span=self._span(meta))

    def script_outcome(self, meta: Meta, word: Token) -> ast.Outcome:
        return ast.Outcome(str(word))

    def script_blocked(self, meta: Meta, scope: ast.Scope | None, when: ast.Expr | None) -> ast.ScriptExpect:
        return ast.ScriptExpect(None, ast.Outcome.BLOCKED, scope, when, span=self._span(meta))

    def expects(self, meta: Meta, *lines: ast.ExpectLine) -> ast.ExpectDecl:
        return ast.ExpectDecl(lines, span=self._span(meta))

    def expect_line(
        self,
        meta: Meta,
        properties: Names,
        verdict: Verdict,
        scope: ast.Scope | None,
        when: ast.Expr | None,
    ) -> ast.ExpectLine:
        return ast.ExpectLine(properties, *verdict, scope, when, span=self._span(meta))

    def verdict(self, meta: Meta, word: Token, *rest: Token | ast.Int | ast.Name | None) -> Verdict:
        within = next((part.value for part in rest if isinstance(part, ast.Int)), None)
        by = next((part for part in rest if isinstance(part, ast.Name)), None)
        return (ast.ExpectedKind(str(word)), within, by)

    def scope(self, meta: Meta, *sizes: tuple[ast.Name, int]) -> ast.Scope:
        return ast.Scope(sizes, span=self._span(meta))

    def survivors(self, meta: Meta, *lines: ast.SurvivorLine) -> ast.SurvivorsDecl:
        return ast.SurvivorsDecl(lines, span=self._span(meta))

    def survivor_line(self, meta: Meta, *parts: ast.MutantName | str) -> ast.SurvivorLine:
        mutants = tuple(part for part in parts if isinstance(part, ast.MutantName))
        return ast.SurvivorLine(mutants, str(parts[-1]), span=self._span(meta))

    def mutant(
        self, meta: Meta, mutation: ast.Name, operation: ast.Name, step: ast.Name | None, number: ast.Int
    ) -> ast.MutantName:
        return ast.MutantName(mutation, operation, step, number.value, span=self._span(meta))

    def size(self, meta: Meta, sort: ast.Name, size: ast.Int) -> tuple[ast.Name, int]:
        return (sort, size.value)
