"""The catalogue of diagnostics: one row per code, with a short text that earns it and what it means.

E0xx syntax, E1xx modules and names, E2xx types, E3xx statements, ghosts, locks and procs, E4xx properties, scenarios,
expectations, E5xx lowering, E6xx the proof lock, W6xx warnings. A stage may only report codes that have a row here
(`Diagnostic` checks it).
Of what `check` finds: V7xx what makes verdicts worthless (vacuous), N8xx notes, R9xx results that are not as declared.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`title` names the mistake, `example` is text that earns the code, `explanation` says why it is one."""

    title: str
    example: str
    explanation: str


CODES: dict[str, Code] = {
    # ---- E0xx: syntax ----------------------------------------------------------------------------------------------
    "E001": Code(
        "unexpected word or sign",
        "sort Cpu Mm",
        "The text cannot go on like this; the message says what was found and what may stand here.",
    ),
    "E002": Code(
        "unexpected end of the text",
        "proc p() { step s { ",
        "The text ends inside a declaration: most often a brace or a parenthesis is not closed.",
    ),
    "E003": Code(
        "character outside the language",
        "sort Cpu $",
        "Names are letters, digits and `_` of ASCII; what a terminal might obey is refused even in comments and texts.",
    ),
    "E004": Code(
        "string without an end",
        'fix f "flush first',
        'A string begins and ends with `"` on one line. There are no escapes in it.',
    ),
    "E005": Code(
        "reserved word used as a name",
        "var step[Cpu]: bool",
        "Words of the grammar cannot be names.",
    ),
    "E006": Code(
        "text too large",
        "// a file of more than two million characters, or a hundred thousand words and signs",
        "A model is read by people; texts beyond the limit are refused before anything is done with them.",
    ),
    "E007": Code(
        "nested too deeply",
        "init ((((((((((x))))))))))   // with many more of them",
        "Expressions and blocks may be nested to a fixed depth; a chain of operators counts by its length.",
    ),
    "E008": Code(
        "operator of another language",
        "init a && b",
        "Logic is in words: `and`, `or`, `not`; implication is `->`, different is `!=`, conditions follow `where`.",
    ),
    "E009": Code(
        "`=` used as an assignment",
        "action a() { x = none }",
        "An assignment is `:=`, a comparison is `==`; `=` is for `def`, `let` and start values.",
    ),
    "E010": Code(
        "quantifier without parentheses",
        "init a and forall c: Cpu: b",
        "A quantifier reaches as far right as it can; after an operator it wears parentheses so that its end is seen.",
    ),
    "E011": Code(
        "`_` outside a script line",
        "init pte[_] == none",
        "`_` means any value, and only as an argument in a line of a scenario.",
    ),
    "E012": Code(
        "property without `:`",
        'invariant inv "text" a == b',
        "A property is its kind, a name, an optional sentence, a colon, and an expression.",
    ),
    "E013": Code(
        "part of a scenario out of order",
        "scenario s { expect blocked let c: Cpu }",
        "A scenario has its `let` lines first, then `allow`, then the script, then what is expected of it.",
    ),
    "E014": Code(
        "number too large",
        "init count(c: Cpu where x[c]) == 99999999999",
        "Numbers are sizes, depths and small counts; more than nine digits are a slip.",
    ),
    # ---- E1xx: modules and names -----------------------------------------------------------------------------------
    "E101": Code(
        "module not found",
        "use machin",
        "A module is looked up beside the file that uses it, then in the library; library files see the library only.",
    ),
    "E102": Code(
        "modules that use each other",
        "module a  use b   // and b says `use a`",
        "What a module uses must be complete before it. Move what both need into a third module.",
    ),
    "E103": Code(
        "module under another name",
        "use policy   // and the file says `module polcy`",
        "A file says the name by which it is used, so that a reader can find it.",
    ),
    "E104": Code(
        "module found in two places",
        "use machine   // beside the file, and in the library of a module it uses",
        "One name means one module in the whole model.",
    ),
    "E105": Code(
        "name declared twice",
        "sort Cpu  enum Cpu { a, b }",
        "A name means one thing. Defs and macros of two modules may share a name as long as nothing sees both.",
    ),
    "E106": Code(
        "built-in name declared",
        "def refs(p: Page) = p == p",
        "The built-in functions and `bool` keep their meaning everywhere.",
    ),
    "E107": Code(
        "unknown name",
        "init pt[m] == none",
        "Nothing of this name is declared here or in the modules that are visible here.",
    ),
    "E108": Code(
        "name bound already",
        "forall m: Mm: exists m: Mm: a[m]",
        "A name that hides another one in the same declaration is read wrongly sooner or later.",
    ),
    "E109": Code(
        "not a type",
        "var x: Pgae?",
        "A type is `bool`, or a sort, an enum or a struct that is visible here.",
    ),
    "E110": Code(
        "name of another kind",
        "action a() { require free }   // a def without its argument",
        "The name is declared, but as something that cannot stand in this place.",
    ),
    "E111": Code(
        "unknown field",
        "init pte[m].pagee == none",
        "The struct, or the call of the proc, has nothing of this name.",
    ),
    "E112": Code(
        "unknown step",
        "init not (c at do_wp_page.instal)",
        "The proc has no step of this name.",
    ),
    "E113": Code(
        "def or macro that uses itself",
        "def f(x: Cpu) = f(x)",
        "Defs and macros are expanded in place; one that uses itself would never end.",
    ),
    "E114": Code(
        "expansion too large",
        "def g(b: bool) = f(f(b))   // and f uses its parameter twice, many times over",
        "Every use of a parameter is a copy of the argument. Bind the value once, or split the declaration.",
    ),
    "E115": Code(
        "expansion nested too deeply",
        "def f(b: bool) = not b   // in two hundred defs, each of the last",
        "Later stages walk expressions to a fixed depth.",
    ),
    "E116": Code(
        "member of several enums",
        "enum A { x, y }  enum B { x, z }  action a() { let v = x }",
        "A member is known by the other side of a comparison or by the place it is assigned to; here there is neither.",
    ),
    "E117": Code(
        "no sort Cpu",
        "sort Mm  proc p(m: Mm) { step s { } }",
        "A call runs on a CPU, so a model with procs declares `sort Cpu`.",
    ),
    "E118": Code(
        "too many settings",
        'fix f1 "" ... fix f16 ""',
        "Every command runs over all settings of the switches, so a model has at most 32,768 of them.",
    ),
    # ---- E2xx: types -----------------------------------------------------------------------------------------------
    "E201": Code(
        "wrong type",
        "init pte[m] == m",
        "The sides of a comparison, an index, an argument, an assigned value have the type that their place asks for.",
    ),
    "E202": Code(
        "type not known",
        "action a() { let x = none }",
        "`none` and records get their type from what they are compared with or assigned to; here there is nothing.",
    ),
    "E203": Code(
        "`none` where a value is needed",
        "var owner: Page? = none  action a() { flag := none }",
        "Only optional types have `none`; an absent `bool` is false, so a `bool` has none either.",
    ),
    "E204": Code(
        "optional bool",
        "var seen[Cpu]: bool?",
        "An absent bool is false, so `bool?` would have two ways to say false.",
    ),
    "E205": Code(
        "struct or `ref` inside a struct",
        "struct A { b: B }   // and B is a struct",
        "Structs are flat, and `ref` stands on the variable that holds the struct.",
    ),
    "E206": Code(
        "local without a first value",
        "proc p() { var q: Page  step s { } }",
        "A local is empty when the call starts, so a local of a sort is optional: `Page?`.",
    ),
    "E207": Code(
        "bound name over no sort",
        "forall b: bool: b",
        "Names range over sorts and enums; for `bool` declare an enum of two members.",
    ),
    "E208": Code(
        "wrong number of arguments",
        "init pte[m] == none   // declared as pte[Mm, Va]",
        "An index, a def, a macro or a proc takes as many arguments as it declares.",
    ),
    "E209": Code(
        "index that is no sort",
        "enum E { a, b }  var x[E]: bool",
        "Variables and locks are indexed by sorts.",
    ),
    "E210": Code(
        "record with missing or repeated fields",
        "pte[m] := { page: p }   // Pte has more fields",
        "A record gives every field of its struct once.",
    ),
    "E211": Code(
        "arithmetic beyond counting",
        "init count(c: Cpu where a[c]) == count(c: Cpu where b[c])",
        "Integers are sums of counts, compared with a constant, and nothing else.",
    ),
    "E212": Code(
        "constant out of range",
        "init refs(p) <= 5000",
        "A count is compared with a constant from 0 to 1000.",
    ),
    "E213": Code(
        "choice or option as a value",
        "action a() { require cow }",
        "A choice is compared with one of its options, or matched; it is no value.",
    ),
    "E214": Code(
        "match on something else",
        "match pte[m].page { ... }",
        "A match is on a choice, or on an enum value that cannot be absent.",
    ),
    "E215": Code(
        "cases do not cover the match",
        "match cow { mapcount => true }",
        "Every option or member has exactly one case.",
    ),
    "E216": Code(
        "unfit start value",
        "var content[Page]: Value",
        "A start value is a constant or `any`; where no value comes first, one must be said.",
    ),
    "E217": Code(
        "unfit `ref` or `refs`",
        "ghost var x: ref Page?",
        "`ref` counts the elements of sorts that a variable or local holds; a ghost holds no reference.",
    ),
    "E218": Code(
        "ordered sorts are not supported yet",
        "ordered sort Gen",
        "Orders (`first`, `<`, `next`) wait for the first model that needs them.",
    ),
    "E219": Code(
        "whole call as a value",
        "action a(c: Cpu, d: Cpu) { require p[c] == p[d] }",
        "A call is only compared with `none`; its parameters and locals are read by name: `p[c].m`.",
    ),
    "E220": Code(
        "field or index of something without",
        "init m.page == none",
        "Only structs and calls have fields; only variables and procs have an index.",
    ),
    # ---- E3xx: statements, ghosts, locks, procs --------------------------------------------------------------------
    "E301": Code(
        "statement never reached",
        "step s { return  x := true }",
        "`goto`, `return` and `call` end the step on their path; nothing can follow them there.",
    ),
    "E302": Code(
        "statement of procs in an action",
        "action a() { acquire l }",
        "An action is one atomic step without a call: no locks to hold, no step to go to.",
    ),
    "E303": Code(
        "statement in a bulk update",
        "forall c: Cpu { require a[c] }",
        "A bulk update only assigns; its `where` says for which elements.",
    ),
    "E304": Code(
        "bulk update that could write a place twice",
        "forall c: Cpu { x[d] := true }",
        "Each place a bulk update writes is indexed by every name it binds, so no two instances meet.",
    ),
    "E305": Code(
        "assignment to what keeps its value",
        "proc p(m: Mm) { step s { m := n } }",
        "Parameters, bound names and switches keep their value; variables and locals are assigned to.",
    ),
    "E306": Code(
        "wrong use of a lock",
        "mutex l  proc p() { step s { acquire l for read } }",
        "An rwlock is taken for read or for write, other locks have no modes; `begin` and `changed` are for seqcounts.",
    ),
    "E307": Code(
        "ghost that decides",
        "ghost var g: bool  action a() { require g }",
        "A ghost records what happens. No guard and no update of an ordinary variable may read one.",
    ),
    "E308": Code(
        "effect under a condition on a ghost",
        "if g { x := true }   // g is a ghost, x is not",
        "Under such a condition stand only ghost assignments; with anything else the ghost would decide.",
    ),
    "E309": Code(
        "proc that calls itself",
        "proc p() { step s { call p() } }",
        "A CPU has one frame of each proc, so calls do not come back to a proc that is under way.",
    ),
    "E310": Code(
        "proc without a step",
        "proc p() { }",
        "A call is a sequence of steps; one is the least.",
    ),
    "E311": Code(
        "`self` or `changed` outside a call",
        "action a() { x[self] := true }",
        "Only a step of a proc runs in a call on a CPU.",
    ),
    "E312": Code(
        "`goto` in a macro",
        "macro m() { goto s }",
        "A macro does not know the steps of the proc that uses it.",
    ),
    "E313": Code(
        "cost counted in two ways",
        "step s { spend flush  spend flush for c: Cpu where tlb[c] }",
        "A cost counts every `spend`, or the different elements of the same sorts in all of them.",
    ),
    # ---- E4xx: properties, scenarios, expectations -----------------------------------------------------------------
    "E401": Code(
        "`old` outside a transition property",
        "invariant i: x == old(x)",
        "Only a `transition` property looks at the state before a step.",
    ),
    "E402": Code(
        "scenario line that does not fit",
        "c0: store(m)   // store takes an address and a value too",
        "The name before the colon is a CPU of the scenario; arguments are names of its `let` lines, or `_`.",
    ),
    "E403": Code(
        "`allow` of something that is no action",
        "allow do_wp_page",
        "What `allow` lists happens in one step at any time; a proc has a line of its own.",
    ),
    "E404": Code(
        "operation that does not start here",
        "c0: fork(m, n)   // known only through a module that another one uses",
        "Only what the model file and the modules on its own `use` lines define may start.",
    ),
    "E405": Code(
        "`until` or `finish` without a call",
        "c0: store(m, a, v) until done",
        "`until` stops a call before a step; `finish` runs on a call that `until` has stopped.",
    ),
    "E406": Code(
        "verdict of another kind of property",
        "expect { some_cover: proved }",
        "Covers are reached or unreachable; the others are proved, refuted, or without violation.",
    ),
    "E407": Code(
        "`when` about more than switches",
        "expect { i: proved when x }",
        "A setting of the switches holds for a whole run; what changes during it belongs in the property.",
    ),
    "E408": Code(
        "unfit scope",
        "expect { i: proved at Pgae=3 }",
        "A scope gives sorts of the model a number of elements, one or more.",
    ),
    "E409": Code(
        "contradicting expectations",
        "expect { i: proved  i: refuted }",
        "For each property and setting the model expects one verdict.",
    ),
    "E410": Code(
        "property that is not checked here",
        "expect { i: proved }   // i is known only through a module that another one uses",
        "Checked are the properties of the model file and of the modules on its own `use` lines.",
    ),
    # ---- E5xx: lowering --------------------------------------------------------------------------------------------
    "E501": Code(
        "step with too many paths",
        "step s { if a { return } if b { goto s } if c { return } ... }",
        "Each `if` that may leave the step doubles what follows it. Split the step, or join the conditions.",
    ),
    "E502": Code(
        "parameter or local called `pc`",
        "proc p(m: Mm) { var pc: Page? ... }",
        "The program counter of a call is a variable of this name; choose another one.",
    ),
    # ---- E6xx: the proof lock ---------------------------------------------------------------------------------------
    "E601": Code(
        "locked expectation that is gone",
        "expect { }   // and the lock says that `i` was proved",
        "What was once shown may not disappear unnoticed. `check --update-lock` takes it out of the lock.",
    ),
    "E602": Code(
        "weaker than the lock",
        "expect { i: proved at Cpu=2 }   // and the lock says that `i` was proved for any size",
        "The model claims less than was shown: sizes instead of any size, a depth instead of all depths, fewer steps.",
    ),
    "E603": Code(
        "other than the lock",
        "expect { i: refuted }   // and the lock says that `i` was proved; or a step that `i` speaks of has changed",
        "The lock speaks of another model, or of another verdict. Check anew, and write the lock again.",
    ),
    "E604": Code(
        "not in the lock",
        "expect { j: proved }   // and the lock does not know `j`",
        "Everything that a model expects has to be in its lock, or nobody notices when it disappears.",
    ),
    "E605": Code(
        "evidence that does not hold",
        "// a run in the lock that is none of the model, or invariants of which one is not preserved",
        "What the lock keeps does not show what it says. Nothing is claimed; check anew.",
    ),
    # ---- W6xx: warnings --------------------------------------------------------------------------------------------
    "W601": Code(
        "switch that changes nothing",
        'fix f "never read"',
        "Every switch doubles the settings. Nothing that is in use in this model reads this one.",
    ),
    "W602": Code(
        "local that is never read",
        "proc p() { var q: Page?  step s { q := none } }",
        "Neither a step nor a property reads it.",
    ),
    "W603": Code(
        "variable that is never read",
        "var x: bool",
        "Neither a step, an `init` nor a property reads it.",
    ),
    "W604": Code(
        "cost that is never spent",
        'cost copy "pages copied"',
        "No action and no step that is in use spends it.",
    ),
    # ---- V7xx: vacuous: verdicts that are worth nothing ------------------------------------------------------------
    "V701": Code(
        "no start state",
        "init x and not x",
        "Nothing ever happens in this model, so every invariant holds and no cover is reached.",
    ),
    "V702": Code(
        "step that never fires",
        "action a() { require x and not x  y := true }",
        "No run within the depth and the scope that are named takes this step, under any setting of the switches: what "
        "is proved says nothing of it.",
    ),
    "V703": Code(
        "nothing to violate",
        "invariant i: forall p: Page where false: x[p]",
        "In no state that is reached within the depth and the scope that are named does the property say anything: "
        "none of its premises (`where`, left of `->`) is true there.",
    ),
    # ---- N8xx: notes of `check` ------------------------------------------------------------------------------------
    "N801": Code(
        "switch that no step reads",
        'fix f "never read"',
        "The model can do the same whatever the switch says. Each switch doubles the settings.",
    ),
    "N802": Code(
        "no start state under some settings",
        "init not early or x and not x",
        "What is proved under these settings is worth nothing; under others there are start states.",
    ),
    "N803": Code(
        "premise that is never true",
        "invariant i: (x -> y) and (x and not x -> z)",
        "No state that is reached within the depth and the scope that are named has it: this part says nothing there.",
    ),
    "N804": Code(
        "property that follows from others",
        "invariant i: x and y   lemma l: x",
        "Whatever the steps do, it holds in every state in which the named ones do. An invariant may be meant so (a "
        "sentence about what another one implies); a lemma then adds nothing to proofs that have the others.",
    ),
    "N805": Code(
        "lemma that no proof needs",
        "lemma l: true",
        "`check --necessary`: everything that is proved of this model at any size is proved without it, and without "
        "the other lemmas that are named so.",
    ),
    "N806": Code(
        "lemma that is of no use",
        "lemma l: x   action a() { x := false }",
        "It is not inductive with what else is known, so it is left out of the proofs. Perhaps it is false. The step "
        "that breaks it is named, with the members of enums, as in `fault (why = write_fault)`, under which it does.",
    ),
    "N807": Code(
        "not decided in time",
        "cowspec check --timeout 1",
        "A search ended before it found an answer. With a larger `--timeout` it goes on.",
    ),
    # ---- R9xx: results of `check` that are not as declared ---------------------------------------------------------
    "R901": Code(
        "another verdict than declared",
        "expect { i: proved }   // and a run violates i",
        "The model expects one verdict of this property under these settings, and another was found.",
    ),
    "R902": Code(
        "no verdict",
        "expect { i: proved }   // and neither a proof nor a run is found",
        "Nothing is claimed: the reason says what was tried. A lemma may be missing, or the time limit too short.",
    ),
    "R903": Code(
        "nothing declared",
        "invariant i: x   // and no line of `expect` names it under some setting",
        "Each property that is checked needs a line of `expect` under every setting, as soon as the model expects "
        "anything; what a scenario expects of it is about that script only.",
    ),
    "R904": Code(
        "judges disagree",
        "(a mistake in this program)",
        "Two judges contradict each other. Nothing is claimed; a folder with all that reproduces it is written.",
    ),
    "R905": Code(
        "internal error",
        "(a mistake in this program)",
        "A job raised an exception. Nothing is claimed from it; please report it with the model.",
    ),
}
