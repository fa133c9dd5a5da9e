"""A small model with all that reports speak of: a policy, a fix, calls, locks, ghosts, a scenario, expectations."""

from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.system.build import build
from cowspec.system.ir import System

SMALL = """\
module small

sort Cpu, Mm, Page
struct Pte { page: Page, write: bool }

choice policy {
  eager "the flush is part of the call"
  lazy  "nobody flushes"
}
fix flush_late "flush before the call returns"

var pte[Mm]: ref Pte? = any
var tlb[Cpu, Mm]: Pte?
ghost var protected[Mm]: bool
mutex lock[Mm]

action tlb_fill(c: Cpu, m: Mm) "[ TLB caches PTE ]" {
  require pte[m] != none
  tlb[c, m] := pte[m]
}

proc protect(m: Mm) {
  step clear "change_pte() [ clear W ]" {
    acquire lock[m]
    require pte[m] != none
    pte[m].write := false
  }
  step flush "finish() [ unlock ]" {
    if policy == eager or flush_late {
      note "[ flush ]"
      forall c: Cpu { tlb[c, m] := none }
    }
    protected[m] := true
  }
}

invariant no_stale "no writable TLB entry outlives a write-protect":
  forall c: Cpu, m: Mm: protected[m] -> not tlb[c, m].write

lemma cached "a writable TLB entry has a writable PTE, or a flush is due":
  forall c: Cpu, m: Mm: tlb[c, m].write -> pte[m].write or (exists t: Cpu: t at protect.flush and protect[t].m == m)

lemma cleared "": forall t: Cpu: t at protect.flush -> not pte[protect[t].m].write
lemma read_only "": forall m: Mm: protected[m] -> not pte[m].write

cover busy "somebody protects": exists t: Cpu: t at protect.flush

scenario stale "a fill before the write-protect" {
  let m: Mm, c0, c1: Cpu
  allow tlb_fill
  c0: protect(m)
  expect no_stale violated when policy == lazy and no fix
  expect no_stale holds when policy == eager
}

expect {
  no_stale: proved when policy == eager or flush_late
  no_stale: refuted when policy == lazy and not flush_late
  busy: reached
}
"""


def system_of(text: str, path: str = "models/small.cow") -> System:
    """The system of a model that uses no module."""
    return build(check(load(path, text, lambda name, user: None)))
