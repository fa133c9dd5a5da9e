"""A small model with a mutant of each kind and each fate."""

from cowspec.check.check import check
from cowspec.check.modules import Program, load
from cowspec.check.typed import Model
from cowspec.system.build import build
from cowspec.system.ir import System

ROOM = """\
module room

sort Cpu, Room

mutex latch[Room]
var busy[Room]: bool
var marked[Room]: bool   // cleared before `busy`: either would do
var inside[Cpu, Room]: bool
var lamp[Room]: bool     // nobody cares
ghost var visits[Room]: bool

macro leave_room(r: Room) { inside[self, r] := false }

proc visit(r: Room) {
  step look "look" {
    acquire latch[r]
    require not busy[r] and not marked[r]
  }
  step enter "enter" {
    busy[r] := true
    marked[r] := true
    inside[self, r] := true
    visits[r] := true
    lamp[r] := true
    release latch[r]
  }
  step leave "leave" {
    require busy[r]
    if inside[self, r] { leave_room(r) }
  }
  step unmark "unmark" { marked[r] := false }
  step free "free" { busy[r] := false }
}

invariant alone "nobody shares a room":
  forall c, d: Cpu, r: Room: inside[c, r] and inside[d, r] -> c == d

cover visited "somebody is inside": exists c: Cpu, r: Room: inside[c, r]

lemma waiting "who is about to enter finds the room free":
  forall t: Cpu, r: Room: t at visit.enter and visit[t].r == r -> not busy[r]
lemma visitor "a room is busy while somebody is on the way":
  forall t: Cpu, r: Room:
    (t at visit.leave or t at visit.unmark or t at visit.free) and visit[t].r == r -> busy[r]
lemma one_visitor "and it is one":
  forall t, d: Cpu, r: Room:
    (t at visit.leave or t at visit.unmark or t at visit.free) and visit[t].r == r
      and (d at visit.leave or d at visit.unmark or d at visit.free) and visit[d].r == r
    -> t == d
lemma insider "who is inside is about to leave":
  forall c: Cpu, r: Room: inside[c, r] -> c at visit.leave and visit[c].r == r

expect {
  alone: proved
  visited: reached at Cpu=1, Room=1
}
"""


def loaded(text: str = ROOM) -> tuple[Program, Model, System]:
    program = load("room.cow", text, lambda name, user: None)
    model = check(program)
    return program, model, build(model)
