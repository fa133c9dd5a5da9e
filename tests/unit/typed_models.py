"""A short hand for checked models, and some small ones, for the tests of the lowering.

`fault` is a write fault beside actions on PTEs and TLBs; `sections` a fork with two locks and a seqcount, and a reader;
`calls` has procs that call each other, an `each` first, and a call from a last step.
"""

from collections.abc import Sequence

from cowspec.check import typed as t
from cowspec.source import Span
from cowspec.syntax.ast import LockKind, LockMode, PropertyKind, QuantKind

AT = Span("model.cow", 0, 5)
BOOL = t.Type(t.BoolType())
READ, WRITE = LockMode.READ, LockMode.WRITE


def sort(name: str, optional: bool = False) -> t.Type:
    return t.Type(t.SortType(name), optional)


def struct(name: str, optional: bool = False) -> t.Type:
    return t.Type(t.StructType(name), optional)


def binders(text: str) -> tuple[t.Binder, ...]:
    """`binders("m: Mm, a: Va")`"""
    pairs = (part.split(":") for part in text.split(",") if part.strip())
    return tuple(t.Binder(name.strip(), of.strip(), span=AT) for name, of in pairs)


def var(name: str, of: str) -> t.Var:
    return t.Var(name, sort(of), span=AT)


SELF = var("self", "Cpu")
M, A, P = var("m", "Mm"), var("a", "Va"), var("p", "Page")
NONE_PTE = t.NoneLit(struct("Pte", True), span=AT)
TRUE, FALSE = t.BoolLit(True, span=AT), t.BoolLit(False, span=AT)


def read(name: str, index: Sequence[t.Expr], of: t.Type) -> t.Read:
    return t.Read(name, tuple(index), of, span=AT)


def pte(*index: t.Expr) -> t.Read:
    return read("pte", index, struct("Pte", True))


def dot(base: t.Expr, name: str, of: t.Type) -> t.FieldOf:
    return t.FieldOf(base, name, of, span=AT)


def local(proc: str, name: str, of: t.Type) -> t.FrameRead:
    return t.FrameRead(proc, name, SELF, of, span=AT)


def equal(left: t.Expr, right: t.Expr) -> t.Equal:
    return t.Equal(left, right, span=AT)


def no(body: t.Expr) -> t.Not:
    return t.Not(body, span=AT)


def both(*parts: t.Expr) -> t.And:
    return t.And(parts, span=AT)


def implies(left: t.Expr, right: t.Expr) -> t.Implies:
    return t.Implies(left, right, span=AT)


def forall(names: str, body: t.Expr, where: t.Expr | None = None) -> t.Quant:
    return t.Quant(QuantKind.FORALL, binders(names), where, body, span=AT)


def exists(names: str, body: t.Expr, where: t.Expr | None = None) -> t.Quant:
    return t.Quant(QuantKind.EXISTS, binders(names), where, body, span=AT)


def on(switch: str, option: str = "on") -> t.SwitchIs:
    return t.SwitchIs(switch, option, span=AT)


def free(page: t.Expr) -> t.Tally:
    return t.Tally((t.Refs(page, span=AT),), "==", 0, span=AT)


# ---- statements ----------------------------------------------------------------------------------------------------


def require(condition: t.Expr) -> t.Require:
    return t.Require(condition, span=AT)


def when(condition: t.Expr, *then: t.Stmt, otherwise: Sequence[t.Stmt] = ()) -> t.If:
    return t.If(condition, tuple(then), tuple(otherwise), span=AT)


def assign(
    name: str, index: Sequence[t.Expr], value: t.Expr, of: t.Type, path: Sequence[str] = (), proc: str | None = None
) -> t.Assign:
    return t.Assign(t.Place(name, proc, tuple(index), tuple(path), of, span=AT), value, span=AT)


def choose(name: str, of: str, where: t.Expr = TRUE) -> t.Choose:
    return t.Choose(name, of, where, span=AT)


def let(name: str, value: t.Expr, of: t.Type) -> t.Let:
    return t.Let(name, value, of, span=AT)


def bulk(names: str, *body: t.Assign, where: t.Expr | None = None) -> t.Bulk:
    return t.Bulk(binders(names), where, body, span=AT)


def acquire(lock: str, *index: t.Expr, mode: LockMode = WRITE) -> t.Acquire:
    return t.Acquire(lock, index, mode, span=AT)


def release(lock: str, *index: t.Expr) -> t.Release:
    return t.Release(lock, index, span=AT)


def downgrade(lock: str, *index: t.Expr) -> t.Downgrade:
    return t.Downgrade(lock, index, span=AT)


def begin(lock: str, *index: t.Expr) -> t.Begin:
    return t.Begin(lock, index, span=AT)


def ret(text: str | None = None) -> t.Return:
    return t.Return(text, span=AT)


def goto(step: str) -> t.Goto:
    return t.Goto(step, span=AT)


def call(proc: str, *args: t.Expr) -> t.Call:
    return t.Call(proc, args, span=AT)


def note(text: str) -> t.Note:
    return t.Note(text, span=AT)


# ---- declarations --------------------------------------------------------------------------------------------------


def variable(
    name: str, index: str, of: t.Type, start: t.Start | t.Record | None = None, is_ref: bool = False
) -> t.VarDecl:
    sorts = tuple(part.strip() for part in index.split(",") if part.strip())
    if start is None:
        start = FALSE if of == BOOL else t.NoneLit(of, span=AT) if of.optional else t.StartAny()
    return t.VarDecl(name, sorts, of, is_ref, False, start, span=AT)


def step(name: str, *body: t.Stmt, each: str = "", where: t.Expr | None = None, text: str | None = None) -> t.Step:
    return t.Step(name, text, binders(each), where, body, span=AT)


def proc(
    name: str, params: str, steps: Sequence[t.Step], locals: Sequence[t.VarDecl] = (), startable: bool = True
) -> t.Proc:
    return t.Proc(name, binders(params), tuple(locals), tuple(steps), startable, span=AT)


def action(name: str, params: str, *body: t.Stmt) -> t.Action:
    return t.Action(name, binders(params), None, body, span=AT)


def lock(kind: LockKind, name: str, *index: str) -> t.LockDecl:
    return t.LockDecl(kind, name, index, span=AT)


def fix(name: str) -> t.Switch:
    return t.Switch(name, True, (("off", "without"), ("on", "with")), span=AT)


def options(name: str, *members: str) -> t.Switch:
    return t.Switch(name, False, tuple((member, member) for member in members), span=AT)


def invariant(name: str, body: t.Expr, kind: PropertyKind = PropertyKind.INVARIANT) -> t.Property:
    return t.Property(kind, name, None, body, "model", True, span=AT)


PTE = t.StructDecl("Pte", (("page", sort("Page")), ("write", BOOL)), span=AT)


def model(
    sorts: str = "Cpu, Mm, Va, Page",
    structs: Sequence[t.StructDecl] = (PTE,),
    enums: Sequence[t.EnumDecl] = (),
    vars: Sequence[t.VarDecl] = (),
    locks: Sequence[t.LockDecl] = (),
    switches: Sequence[t.Switch] = (),
    inits: Sequence[t.Expr] = (),
    actions: Sequence[t.Action] = (),
    procs: Sequence[t.Proc] = (),
    properties: Sequence[t.Property] = (),
    scenarios: Sequence[t.Scenario] = (),
    expectations: Sequence[t.Expectation] = (),
) -> t.Model:
    return t.Model(
        "example", "model.cow", tuple(part.strip() for part in sorts.split(",")), tuple(structs), tuple(enums),
        tuple(vars), tuple(locks), tuple(switches), tuple(inits), tuple(actions), tuple(procs), tuple(properties),
        tuple(scenarios), tuple(expectations), ("a warning",),
    )  # fmt: skip


# ---- a write fault -------------------------------------------------------------------------------------------------

PTES = variable("pte", "Mm, Va", struct("Pte", True), t.StartAny(), is_ref=True)
TLB = variable("tlb", "Cpu, Mm, Va", struct("Pte", True))
MMAP_LOCK = lock(LockKind.RWLOCK, "mmap_lock", "Mm")


def record(page: t.Expr, write: t.Expr) -> t.Record:
    return t.Record("Pte", (("page", page), ("write", write)), span=AT)


def _page_of(of: t.Expr) -> t.Expr:
    return dot(of, "page", sort("Page", True))


def _fault() -> t.Proc:
    orig, new = local("wp_fault", "orig", struct("Pte", True)), local("wp_fault", "new", sort("Page", True))
    take = when(
        on("exclusive_lock"), acquire("mmap_lock", M, mode=WRITE), otherwise=(acquire("mmap_lock", M, mode=READ),)
    )
    return proc(
        "wp_fault",
        "m: Mm, a: Va",
        (
            step(
                "fault",
                take,
                require(both(no(equal(pte(M, A), NONE_PTE)), no(dot(pte(M, A), "write", BOOL)))),
                when(on("reuse"), assign("pte", (M, A), TRUE, BOOL, ("write",)), ret("wp_page_reuse()")),
                assign("orig", (), pte(M, A), struct("Pte", True), proc="wp_fault"),
                choose("q", "Page", free(P_Q)),
                assign("new", (), P_Q, sort("Page", True), proc="wp_fault"),
                text="do_wp_page()",
            ),
            step("copy", text="[ copy page ]"),
            step(
                "install",
                when(
                    equal(pte(M, A), orig),
                    note("[ set_pte_at_notify() ]"),
                    bulk("c: Cpu", assign("tlb", (var("c", "Cpu"), M, A), NONE_PTE, struct("Pte", True))),
                    assign("pte", (M, A), record(new, TRUE), struct("Pte", True)),
                ),
            ),
        ),
        (
            variable("orig", "", struct("Pte", True), is_ref=True),
            variable("new", "", sort("Page", True), is_ref=True),
        ),
    )


P_Q = var("q", "Page")


def fault() -> t.Model:
    c = var("c", "Cpu")
    fill = action(
        "tlb_fill",
        "c: Cpu, m: Mm, a: Va",
        require(no(equal(pte(M, A), NONE_PTE))),
        assign("tlb", (c, M, A), pte(M, A), struct("Pte", True)),
    )
    store = action(
        "clear",
        "m: Mm, a: Va",
        require(no(equal(pte(M, A), NONE_PTE))),
        assign("pte", (M, A), FALSE, BOOL, ("write",)),
    )
    entry = read("tlb", (c, M, A), struct("Pte", True))
    no_stale = forall("c: Cpu, m: Mm, a: Va", implies(dot(entry, "write", BOOL), dot(pte(M, A), "write", BOOL)))
    return model(
        vars=(PTES, TLB),
        locks=(MMAP_LOCK,),
        switches=(fix("exclusive_lock"), fix("reuse")),
        actions=(fill, store),
        procs=(_fault(),),
        properties=(invariant("no_stale", no_stale),),
    )


# ---- a seqcount, and fork with two locks ---------------------------------------------------------------------------

K = var("k", "Mm")


def sections() -> t.Model:
    fork = proc(
        "fork",
        "m: Mm, k: Mm",
        (
            step("start", acquire("mmap_lock", M), acquire("mmap_lock", K), acquire("seq", M)),
            step(
                "share",
                assign("pte", (K, A), pte(M, A), struct("Pte", True)),
                each="a: Va",
                where=both(no(equal(pte(M, A), NONE_PTE)), equal(pte(K, A), NONE_PTE)),
            ),
            step("unlock", release("seq", M), release("mmap_lock", K)),
            step("flush", downgrade("mmap_lock", M)),
            step("end"),
        ),
    )
    seen = t.Changed("seq", (M,), span=AT)
    gup = proc(
        "gup_fast",
        "m: Mm",
        (
            step("begin", begin("seq", M), when(seen, ret("[ give up ]"))),
            step("grab", assign("done", (), TRUE, BOOL, proc="gup_fast")),
            step("again", when(seen, goto("begin"))),
        ),
        (variable("done", "", BOOL),),
    )
    return model(vars=(PTES,), locks=(MMAP_LOCK, lock(LockKind.SEQCOUNT, "seq", "Mm")), procs=(fork, gup))


# ---- calls ---------------------------------------------------------------------------------------------------------


def calls() -> t.Model:
    c = var("c", "Cpu")
    flush = proc(
        "flush",
        "m: Mm",
        (
            step(
                "one",
                assign("tlb", (c, M, A), NONE_PTE, struct("Pte", True)),
                each="c: Cpu, a: Va",
                where=no(equal(read("tlb", (c, M, A), struct("Pte", True)), NONE_PTE)),
            ),
        ),
        startable=False,
    )
    sync = proc("sync", "m: Mm", (step("enter", call("flush", M)),))
    protect = proc(
        "protect",
        "m: Mm, a: Va",
        (
            step(
                "clear",
                acquire("mmap_lock", M, mode=READ),
                when(equal(pte(M, A), NONE_PTE), ret()),
                assign("pte", (M, A), FALSE, BOOL, ("write",)),
                call("sync", M),
            ),
            step("last", call("flush", M)),
        ),
    )
    walk = proc(
        "walk",
        "m: Mm",
        (
            step("visit", assign("pte", (M, A), NONE_PTE, struct("Pte", True)), each="a: Va",
                 where=no(equal(pte(M, A), NONE_PTE))),
            step("done", acquire("mmap_lock", M)),
            step("after"),
        ),
    )  # fmt: skip
    fill = action(
        "tlb_fill",
        "c: Cpu, m: Mm, a: Va",
        require(no(equal(pte(M, A), NONE_PTE))),
        assign("tlb", (c, M, A), pte(M, A), struct("Pte", True)),
    )
    return model(vars=(PTES, TLB), locks=(MMAP_LOCK,), actions=(fill,), procs=(flush, sync, protect, walk))
