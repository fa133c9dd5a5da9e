"""A system without its ghosts: nothing in it reads one, or what one said."""

from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.engines.scopes import default_scope
from cowspec.evaluate.machine import Machine
from cowspec.system.build import build
from cowspec.system.ghosts import without_ghosts
from cowspec.system.ir import System
from cowspec.system.traverse import expressions, names, reads

LAMPS = """\
module lamps
sort Cpu, Room
var here: Room?
var lit[Room]: bool
ghost var known[Room]: bool
ghost var last: Room?
ghost var told[Room]: bool
ghost var heard[Room, Room]: bool

action enter(c: Cpu, r: Room) {
  here := r
  lit[r] := true
}
action tell(c: Cpu, r: Room) {
  require lit[r]
  lit[r] := false
  forall s: Room where known[s] { heard[s, here] := true }
  let room = last
  if room != none { told[room] := true }
  if known[r] { last := r }
  known[r] := true
}
"""


def bare(text: str) -> System:
    return without_ghosts(build(check(load("lamps.cow", text, lambda name, user: None))))


def test_nothing_reads_a_ghost_or_a_name_for_what_one_said() -> None:
    system = bare(LAMPS)
    (tell,) = (step for step in system.steps if step.name == "tell")
    assert reads(expressions(tell.body)) == {"lit"}
    assert names(expressions(tell.body)) == {"r"}
    assert [var.name for var in system.vars] == ["here", "lit"]


def test_it_runs_where_a_ghost_update_has_a_test_of_its_own() -> None:
    machine = Machine(bare(LAMPS), default_scope(bare(LAMPS), {"Room": 1, "Cpu": 1}), ())
    (start,) = machine.starts()
    ((_, _, _, entered, _),) = machine.moves(start)
    assert entered == ((0,), (True,))
    left = {after for _, _, _, after, _ in machine.moves(entered)}
    assert left == {entered, ((0,), (False,))}
