"""Small models for the tests of inference, and how to read one."""

from pathlib import Path

from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.files import loader
from cowspec.system.build import build
from cowspec.system.ir import System

ROOT = Path(__file__).parents[2]

# A stale place needs a lemma that says that some call still owes the flush.
OWED = """module owed
sort Cpu, Va
var stale[Va]: bool

proc zap(a: Va) {
  step clear { stale[a] := true }
  step flush { stale[a] := false }
}

invariant quiet "while no call is under way nothing is stale":
  forall a: Va: stale[a] -> (exists t: Cpu: not idle(t))
expect { quiet: proved }
"""

# Two lemmas, one of which protects the other; and a property that is false.
TOKEN = """module token
sort Node
var sent[Node]: bool
var here[Node]: bool
var at_home: bool = true

action send(n: Node) {
  require at_home
  at_home := false
  sent[n] := true
}
action take(n: Node) {
  require sent[n]
  sent[n] := false
  here[n] := true
}
action give_back(n: Node) {
  require here[n]
  here[n] := false
  at_home := true
}

invariant one_holder "only one node has it": forall n, k: Node: here[n] and here[k] -> n == k
invariant never_sent "": forall n: Node: not sent[n]
expect { one_holder: proved  never_sent: refuted }
"""

# Who owes what is stale is one of two kinds of calls, and has not been told by the place's own CPU that it is clean.
TOLD = """module told
sort Cpu, Va
var stale[Cpu, Va]: bool
var told[Cpu, Cpu, Va]: bool

proc zap(a: Va) {
  step clear { forall c: Cpu { stale[c, a] := true } }
  step flush {
    let c = choose c: Cpu where not told[self, c, a]
    stale[c, a] := false
    told[self, c, a] := true
    if exists d: Cpu: not told[self, d, a] { goto flush }
  }
  step done { forall c: Cpu { told[self, c, a] := false } }
}

invariant quiet "while no call is under way nothing is stale":
  forall c: Cpu, a: Va: stale[c, a] -> (exists t: Cpu: not idle(t))
expect { quiet: proved }
"""

# Tokens come and go in pairs: that there is never exactly one follows from their being even in number, which no formula
# of first-order logic says.
PAIRS = """module pairs
sort Node
var on[Node]: bool

action put(n, k: Node) {
  require n != k and not on[n] and not on[k]
  on[n] := true
  on[k] := true
}
action take(n, k: Node) {
  require n != k and on[n] and on[k]
  on[n] := false
  on[k] := false
}

invariant never_one "there is never exactly one": count(n: Node where on[n]) != 1
expect { never_one: proved }
"""


def system_of(text: str, path: str = "model.cow") -> System:
    return build(check(load(path, text, loader(ROOT / "spec"))))


# Two fixes, each of which is a reason of its own why only one node gets in; and one that keeps everybody out.
REASONS = """module reasons
sort Node
fix one_asks "only one may ask"
fix one_counts "only one is counted"
fix closed "nobody gets in"
var asked[Node]: bool
var counted[Node]: bool
var inside[Node]: bool

action ask(n: Node) {
  require one_asks -> (forall k: Node: not asked[k])
  asked[n] := true
}
action count_in(n: Node) {
  require one_counts -> (forall k: Node: not counted[k])
  counted[n] := true
}
action enter(n: Node) {
  require asked[n] and counted[n] and not closed
  inside[n] := true
}

invariant one_inside "only one node is in": forall n, k: Node: inside[n] and inside[k] -> n == k
invariant none_inside "nobody is in": forall n: Node: not inside[n]
expect {
  one_inside: proved when one_asks or one_counts
  one_inside: proved when closed
  none_inside: proved when closed
  one_inside: refuted at Node=2 when not one_asks and not one_counts and not closed
  none_inside: refuted at Node=1 when not closed
}
"""


# Who may write an item has all references to it: literals about a cell and about a reference to the same item.
HELD = """module held
sort Cpu, Item, Ref
struct Cell { item: Item, write: bool }
struct Grab { item: Item, owner: Cpu }
var cell[Cpu]: Cell?
var grab[Ref]: Grab?

action take_to_write(c: Cpu, p: Item) {
  require (forall d: Cpu: cell[d].item != p) and (forall i: Ref: grab[i].item != p)
  cell[c] := { item: p, write: true }
}
action take_to_read(c: Cpu, p: Item) {
  require forall d: Cpu: cell[d].item == p -> not cell[d].write
  cell[c] := { item: p, write: false }
}
action refer(c: Cpu, i: Ref) {
  require cell[c] != none and grab[i] == none
  grab[i] := { item: cell[c].item, owner: c }
}

invariant one_writer "": forall c, d: Cpu, p: Item: cell[c].write and cell[c].item == p and cell[d].item == p -> c == d
expect { one_writer: proved }
"""

# The outcome of the comparison is open for the prover where neither value exists.
COMPARED = """module compared
sort Node, Item
var left[Node]: Item? = any
var right[Node]: Item? = any
var equal[Node]: bool
action compare(n: Node) { equal[n] := exists m: Node: left[m] == right[m] }
invariant any_outcome "": forall n: Node: equal[n] or not equal[n]
expect { any_outcome: proved }
"""


# Somebody owes a flush of what is stale, if there is a flush at all.
OWED_IF = """module owed_if
sort Cpu, Va
fix flushes "the call flushes"
var stale[Cpu, Va]: bool

proc zap(a: Va) {
  step clear { forall c: Cpu { stale[c, a] := true } }
  step flush { if flushes { forall c: Cpu { stale[c, a] := false } } }
}

invariant quiet "while no call is under way nothing is stale":
  forall c: Cpu, a: Va: stale[c, a] -> (exists t: Cpu: not idle(t))
invariant sane "": forall t: Cpu: idle(t) or not idle(t)
expect {
  quiet: proved when flushes
  quiet: refuted at Cpu=1, Va=1 when not flushes
  sane: proved
}
"""

# A library with a lemma that is true, but not inductive without what is said of the token on its way.
LIBRARY_TOKEN = (
    TOKEN[: TOKEN.index("invariant one_holder")].replace("module token", "module library_token")
    + 'lemma away "who has it has it alone": forall n: Node: here[n] -> not at_home\n'
)

# The same, used by a model that has a lemma of its own.
USES_TOKEN = """module uses_token
use library_token
invariant one_holder "only one node has it": forall n, k: Node: here[n] and here[k] -> n == k
lemma sent_away "": forall n: Node: sent[n] -> not at_home
lemma one_place "": forall n, k: Node: here[n] -> not sent[k]
lemma sent_once "": forall n, k: Node: sent[n] and sent[k] -> n == k
expect { one_holder: proved }
"""
