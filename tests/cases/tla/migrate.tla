------------------------------------------ MODULE migrate ------------------------------------------
\* The model migrate, written by cowspec. An action is one atomic step.
\* A field of an absent record is absent, and FALSE if it is a boolean.
EXTENDS Naturals, FiniteSets

CONSTANTS
  \* @type: Set(CPU);
  Cpu,
  \* @type: Set(PAGE);
  Page,
  \* @type: Set(VALUE);
  Value,
  \* @type: CPU;
  NoCpu,
  \* @type: PAGE;
  NoPage,
  \* @type: VALUE;
  NoValue,
  \* @type: Str;
  order,  \* one of copy_first, check_first
  \* @type: Bool;
  recheck  \* look again before the old page is freed

\* copy_first: copy, then look for references
\* check_first: look for references, then copy
ASSUME order \in {"copy_first", "check_first"}

VARIABLES
  \* @type: PAGE -> VALUE;
  content,
  \* @type: PAGE -> { present: Bool, kind: Str, dirty: Bool };
  mark,
  \* @type: PAGE;
  mapped,  \* each page in it is a reference
  \* @type: PAGE;
  spare,  \* each page in it is a reference
  \* @type: PAGE -> Bool;
  moved,  \* history: steers nothing
  \* @type: { readers: Set(<<CPU, Str>>), writers: Set(<<CPU, Str>>) };
  mm_lock,  \* rwlock
  \* @type: PAGE -> { writers: Set(<<CPU, Str>>), seen: Set(<<CPU, Str>>) };
  moving,  \* seqcount
  \* @type: CPU -> { pc: Str, from: PAGE, to: PAGE };
  migrate,  \* the call on each CPU
  \* @type: CPU -> { pc: Str };
  allocate,  \* the call on each CPU
  \* @type: CPU -> { pc: Str, seen: PAGE };
  lookup,  \* the call on each CPU
  \* @type: Str;
  fault  \* what a step has done that it must not

world == <<content, mark, mapped, spare, moved, mm_lock, moving, migrate, allocate, lookup>>
vars == <<world, fault>>

----------------------------------------------------------------------------------------------------
\* values

Kind == {"normal", "movable"}
Mark == [present: {TRUE}, kind: Kind \cup {"none"}, dirty: BOOLEAN]
NoMark == [present |-> FALSE, kind |-> "none", dirty |-> FALSE]
\* @type: { pc: Str, from: PAGE, to: PAGE };
idle_migrate == [pc |-> "idle", from |-> NoPage, to |-> NoPage]
\* @type: { pc: Str };
idle_allocate == [pc |-> "idle"]
\* @type: { pc: Str, seen: PAGE };
idle_lookup == [pc |-> "idle", seen |-> NoPage]
Holder == Cpu \X {"migrate", "allocate", "lookup"}

\* a rwlock that nobody holds, and all of a table without a holder
\* @type: { readers: Set(<<CPU, Str>>), writers: Set(<<CPU, Str>>) };
free_rwlock == [readers |-> {}, writers |-> {}]
\* @type: ({ readers: Set(h), writers: Set(h) }, h) => { readers: Set(h), writers: Set(h) };
Released_one_rwlock(lock, holder) ==
  [readers |-> lock.readers \ {holder}, writers |-> lock.writers \ {holder}]

\* a seqcount that nobody holds, and all of a table without a holder
\* @type: { writers: Set(<<CPU, Str>>), seen: Set(<<CPU, Str>>) };
free_seqcount == [writers |-> {}, seen |-> {}]
\* @type: (i -> { writers: Set(h), seen: Set(h) }, h) => i -> { writers: Set(h), seen: Set(h) };
Released_seqcount(lock, holder) ==
  [i \in DOMAIN lock |-> [writers |-> lock[i].writers \ {holder}, seen |-> lock[i].seen \ {holder}]]

\* how many places hold a reference to an element of Page, in these tables
(* @type: (PAGE, PAGE, PAGE, CPU -> { pc: Str, from: PAGE, to: PAGE },
           CPU -> { pc: Str, seen: PAGE }) => Int; *)
refs_in(x, mapped_in, spare_in, migrate_in, lookup_in) ==
  IF x = NoPage THEN 0
  ELSE   (IF mapped_in = x THEN 1 ELSE 0)
       + (IF spare_in = x THEN 1 ELSE 0)
       + Cardinality({c \in Cpu : migrate_in[c].to = x})
       + Cardinality({c \in Cpu : lookup_in[c].seen = x})
refs(x) == refs_in(x, mapped, spare, migrate, lookup)

\* `f[x]`; `none` where x is absent
\* @type: (k -> v, k, v) => v;
ValueAt(f, x, none) == IF x \in DOMAIN f THEN f[x] ELSE none

\* no call is under way on this CPU
Idle(c) ==
  /\ migrate[c].pc = "idle"
  /\ allocate[c].pc = "idle"
  /\ lookup[c].pc = "idle"

\* a step that does what the language forbids
\* @type: (Str) => Bool;
Fault(text) ==
  /\ fault' = text
  /\ UNCHANGED world

----------------------------------------------------------------------------------------------------
\* the start

Init ==
  /\ mm_lock = free_rwlock
  /\ moving = [p \in Page |-> free_seqcount]
  /\ migrate = [c \in Cpu |-> idle_migrate]
  /\ allocate = [c \in Cpu |-> idle_allocate]
  /\ lookup = [c \in Cpu |-> idle_lookup]
  /\ mark = [p \in Page |-> NoMark]
  /\ spare = NoPage
  /\ moved = [p \in Page |-> FALSE]
  /\ fault = ""
  /\ content \in [Page -> Value]
  /\ mapped \in Page \cup {NoPage}

----------------------------------------------------------------------------------------------------
\* what happens

\* [ store ]
store(c, v) ==
  /\ mapped # NoPage
  /\ mm_lock.writers = {}
  /\ content' = [content EXCEPT ![mapped] = v]
  /\ mark' = IF mark[mapped].present
             THEN [mark EXCEPT ![mapped].dirty = TRUE]
             ELSE mark
  /\ UNCHANGED <<mapped, spare, moved, mm_lock, moving, migrate, allocate, lookup, fault>>

\* isolate()
migrate_isolate(self, from) ==
  /\ Idle(self)
  /\ mm_lock.writers = {}
  /\ moving[from].writers = {}
  /\ mapped = from
  /\ IF order = "check_first" /\ refs(from) > 1
     THEN \* [ busy ]
          /\ LET moving_2 == [moving EXCEPT ![from].writers = @ \cup {<<self, "migrate">>},
                                            ![from].seen = moving[from].seen \cup {<<c, "lookup">> : c \in {c_2 \in Cpu : lookup[c_2].pc # "idle"}}]
             IN  /\ moving' = Released_seqcount(moving_2, <<self, "migrate">>)
                 /\ UNCHANGED <<content, mark, mapped, spare, moved, mm_lock, migrate, allocate, lookup, fault>>
     ELSE /\ mm_lock' = [mm_lock EXCEPT !.readers = @ \cup {<<self, "migrate">>}]
          /\ moving' = [moving EXCEPT ![from].writers = @ \cup {<<self, "migrate">>},
                                      ![from].seen = moving[from].seen \cup {<<c, "lookup">> : c \in {c_2 \in Cpu : lookup[c_2].pc # "idle"}}]
          /\ migrate' = [migrate EXCEPT ![self] = [pc |-> "copy", from |-> from, to |-> NoPage]]
          /\ allocate' = [allocate EXCEPT ![self] = [pc |-> "look"]]
          /\ UNCHANGED <<content, mark, mapped, spare, moved, lookup, fault>>

\* copy()
migrate_copy(self, p) ==
  LET from == migrate[self].from
  IN  /\ migrate[self].pc = "copy"
      /\ allocate[self].pc = "idle"
      /\ p = spare
      /\ content' = [content EXCEPT ![p] = content[from]]
      /\ migrate' = [migrate EXCEPT ![self].to = p]
      /\ UNCHANGED <<mark, mapped, spare, moved, mm_lock, moving, allocate, lookup, fault>>

migrate_copy_leave(self) ==
  /\ migrate[self].pc = "copy"
  /\ allocate[self].pc = "idle"
  /\ ~(\E p \in Page: p = spare)
  /\ migrate' = [migrate EXCEPT ![self].pc = "switch"]
  /\ UNCHANGED <<content, mark, mapped, spare, moved, mm_lock, moving, allocate, lookup, fault>>

\* switch()
migrate_switch(self) ==
  /\ migrate[self].pc = "switch"
  /\ allocate[self].pc = "idle"
  /\ LET spare_2 == NoPage
     IN  /\ IF recheck /\ refs_in(migrate[self].to, mapped, spare_2, migrate, lookup) = 0
            THEN /\ spare' = spare_2
                 /\ migrate' = [migrate EXCEPT ![self].pc = "free"]
                 /\ UNCHANGED <<content, mark, mapped, moved, mm_lock, moving, allocate, lookup, fault>>
            ELSE /\ IF migrate[self].to = NoPage
                    THEN Fault("'mapped' is none, so 'mark[mapped]' cannot be written")
                    ELSE /\ mark' = [mark EXCEPT ![migrate[self].to] = [present |-> TRUE, kind |-> "movable", dirty |-> FALSE]]
                         /\ mapped' = migrate[self].to
                         /\ spare' = spare_2
                         /\ migrate' = [migrate EXCEPT ![self].pc = "free"]
                         /\ UNCHANGED <<content, moved, mm_lock, moving, allocate, lookup, fault>>

migrate_free(self) ==
  LET from == migrate[self].from
  IN  /\ migrate[self].pc = "free"
      /\ allocate[self].pc = "idle"
      /\ moved' = [moved EXCEPT ![from] = TRUE]
      /\ mm_lock' = Released_one_rwlock(mm_lock, <<self, "migrate">>)
      /\ moving' = Released_seqcount(moving, <<self, "migrate">>)
      /\ migrate' = [migrate EXCEPT ![self] = idle_migrate]
      /\ UNCHANGED <<content, mark, mapped, spare, allocate, lookup, fault>>

\* alloc_page()
allocate_look_start(self) ==
  /\ Idle(self)
  /\ \E p \in Page:
       /\ refs(p) = 0
       /\ spare' = p
       /\ UNCHANGED <<content, mark, mapped, moved, mm_lock, moving, migrate, allocate, lookup, fault>>

\* alloc_page()
allocate_look(self) ==
  /\ allocate[self].pc = "look"
  /\ \E p \in Page:
       /\ refs(p) = 0
       /\ spare' = p
       /\ allocate' = [allocate EXCEPT ![self] = idle_allocate]
       /\ UNCHANGED <<content, mark, mapped, moved, mm_lock, moving, migrate, lookup, fault>>

\* get_page()
lookup_begin(self) ==
  /\ Idle(self)
  /\ IF mapped = NoPage
     THEN Fault("'seen' is none, so there is no lock 'moving[seen]'")
     ELSE /\ moving' = [moving EXCEPT ![mapped].seen = IF moving[mapped].writers # {} THEN moving[mapped].seen \cup {<<self, "lookup">>} ELSE moving[mapped].seen \ {<<self, "lookup">>}]
          /\ lookup' = [lookup EXCEPT ![self] = [pc |-> "check", seen |-> mapped]]
          /\ UNCHANGED <<content, mark, mapped, spare, moved, mm_lock, migrate, allocate, fault>>

\* recheck()
lookup_check(self) ==
  /\ lookup[self].pc = "check"
  /\ IF <<self, "lookup">> \in ValueAt(moving, lookup[self].seen, free_seqcount).seen
     THEN \* [ try again ]
          /\ moving' = Released_seqcount(moving, <<self, "lookup">>)
          /\ lookup' = [lookup EXCEPT ![self] = idle_lookup]
          /\ UNCHANGED <<content, mark, mapped, spare, moved, mm_lock, migrate, allocate, fault>>
     ELSE /\ moving' = Released_seqcount(moving, <<self, "lookup">>)
          /\ lookup' = [lookup EXCEPT ![self] = idle_lookup]
          /\ UNCHANGED <<content, mark, mapped, spare, moved, mm_lock, migrate, allocate, fault>>

Next ==
  \/ \E c \in Cpu, v \in Value: store(c, v)
  \/ \E self \in Cpu, from \in Page: migrate_isolate(self, from)
  \/ \E self \in Cpu, p \in Page: migrate_copy(self, p)
  \/ \E self \in Cpu: migrate_copy_leave(self)
  \/ \E self \in Cpu: migrate_switch(self)
  \/ \E self \in Cpu: migrate_free(self)
  \/ \E self \in Cpu: allocate_look_start(self)
  \/ \E self \in Cpu: allocate_look(self)
  \/ \E self \in Cpu: lookup_begin(self)
  \/ \E self \in Cpu: lookup_check(self)

Spec == Init /\ [][Next]_vars

----------------------------------------------------------------------------------------------------
\* what holds

TypeOK ==
  /\ content \in [Page -> Value]
  /\ mark \in [Page -> Mark \cup {NoMark}]
  /\ mapped \in Page \cup {NoPage}
  /\ spare \in Page \cup {NoPage}
  /\ moved \in [Page -> BOOLEAN]
  /\ mm_lock \in [readers: SUBSET Holder, writers: SUBSET Holder]
  /\ moving \in [Page -> [writers: SUBSET Holder, seen: SUBSET Holder]]
  /\ migrate \in [Cpu -> [pc: {"idle", "isolate", "copy", "switch", "free"},
                          from: Page \cup {NoPage},
                          to: Page \cup {NoPage}]]
  /\ allocate \in [Cpu -> [pc: {"idle", "look"}]]
  /\ lookup \in [Cpu -> [pc: {"idle", "begin", "check"}, seen: Page \cup {NoPage}]]
  /\ fault \in STRING

\* only a call under way holds a lock
IdleHoldsNothing ==
  /\ \A c \in Cpu: <<c, "migrate">> \in mm_lock.readers => migrate[c].pc # "idle"
  /\ \A c \in Cpu, p \in Page: <<c, "migrate">> \in moving[p].writers => migrate[c].pc # "idle"
  /\ \A c \in Cpu, p \in Page: <<c, "lookup">> \in moving[p].seen => lookup[c].pc # "idle"

\* no step does what the language forbids; set by the step that would have
NoFault == fault = ""

\* invariant: a spare page is not mapped
spare_unmapped ==
  \A p \in Page: spare = p => mapped # p

\* lemma
held_while_moving ==
  \A t \in Cpu: migrate[t].pc = "switch" => (mm_lock.writers # {} \/ mm_lock.readers # {})

\* cover: a page is moved while somebody looks
handed_over ==
  \E t \in Cpu, p \in Page: lookup[t].seen = p /\ moved[p]
Not_handed_over == ~handed_over

\* transition
moved_stays_step ==
  \A p \in Page: moved[p] => moved'[p]
moved_stays == [][moved_stays_step]_world
====================================================================================================
