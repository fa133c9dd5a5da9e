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

# The inductive invariant says that some quorum has voted: an `exists` with a `forall` below it.
QUORUM = (ROOT / "tests" / "bench" / "protocols" / "simple_consensus.cow").read_text()


def system_of(text: str, path: str = "model.cow") -> System:
    return build(check(load(path, text, loader(ROOT / "spec"))))
