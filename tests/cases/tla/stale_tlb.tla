----------------------------------------- MODULE stale_tlb -----------------------------------------
\* The model stale_tlb, written by cowspec. An action is one atomic step.
\* A field of an absent record is absent, and FALSE if it is a boolean.
EXTENDS Naturals, FiniteSets

CONSTANTS
  \* @type: Set(CPU);
  Cpu,
  \* @type: Set(MM);
  Mm,
  \* @type: Set(PAGE);
  Page,
  \* @type: CPU;
  NoCpu,
  \* @type: MM;
  NoMm,
  \* @type: PAGE;
  NoPage,
  \* @type: Bool;
  flush_late  \* flush before the call returns

VARIABLES
  \* @type: MM -> { page: PAGE, write: Bool };
  pte,  \* each page in it is a reference
  \* @type: <<CPU, MM>> -> { page: PAGE, write: Bool };
  tlb,
  \* @type: MM -> Bool;
  protected,  \* history: steers nothing
  \* @type: MM -> { writers: Set(<<CPU, Str>>) };
  lock,  \* mutex
  \* @type: CPU -> { pc: Str, m: MM, page: PAGE };
  protect  \* the call on each CPU

world == <<pte, tlb, protected, lock, protect>>
vars == world

----------------------------------------------------------------------------------------------------
\* values

Pte == [page: Page, write: BOOLEAN]
NoPte == [page |-> NoPage, write |-> FALSE]
\* @type: { pc: Str, m: MM, page: PAGE };
idle_protect == [pc |-> "idle", m |-> NoMm, page |-> NoPage]
Holder == Cpu \X {"protect"}

\* a mutex that nobody holds, and all of a table without a holder
\* @type: { writers: Set(<<CPU, Str>>) };
free_mutex == [writers |-> {}]
\* @type: (i -> { writers: Set(h) }, h) => i -> { writers: Set(h) };
Released_mutex(lock_2, holder) ==
  [i \in DOMAIN lock_2 |-> [writers |-> lock_2[i].writers \ {holder}]]

\* `f[x]`; `none` where x is absent
\* @type: (k -> v, k, v) => v;
ValueAt(f, x, none) == IF x \in DOMAIN f THEN f[x] ELSE none

\* no call is under way on this CPU
Idle(c) ==
  /\ protect[c].pc = "idle"

----------------------------------------------------------------------------------------------------
\* the start

Init ==
  /\ lock = [m \in Mm |-> free_mutex]
  /\ protect = [c \in Cpu |-> idle_protect]
  /\ tlb = [c \in Cpu, m \in Mm |-> NoPte]
  /\ protected = [m \in Mm |-> FALSE]
  /\ pte \in [Mm -> Pte \cup {NoPte}]

----------------------------------------------------------------------------------------------------
\* what happens

\* [ TLB caches PTE ]
tlb_fill(c, m) ==
  /\ pte[m] # NoPte
  /\ tlb' = [tlb EXCEPT ![c, m] = pte[m]]
  /\ UNCHANGED <<pte, protected, lock, protect>>

\* change_pte() [ clear W ]
protect_clear(self, m) ==
  /\ Idle(self)
  /\ lock[m].writers = {}
  /\ pte[m] # NoPte
  /\ pte' = [pte EXCEPT ![m].write = FALSE]
  /\ lock' = [lock EXCEPT ![m].writers = @ \cup {<<self, "protect">>}]
  /\ protect' = [protect EXCEPT ![self] = [pc |-> "flush", m |-> m, page |-> pte[m].page]]
  /\ UNCHANGED <<tlb, protected>>

\* finish() [ unlock ]
protect_flush(self) ==
  LET m == protect[self].m
  IN  /\ protect[self].pc = "flush"
      /\ tlb' = IF flush_late
                THEN [c \in Cpu, m_2 \in Mm |-> IF m_2 = m THEN NoPte ELSE tlb[c, m_2]]
                ELSE tlb
      /\ protected' = [protected EXCEPT ![m] = TRUE]
      /\ lock' = Released_mutex(lock, <<self, "protect">>)
      /\ protect' = [protect EXCEPT ![self] = idle_protect]
      /\ UNCHANGED pte

Next ==
  \/ \E c \in Cpu, m \in Mm: tlb_fill(c, m)
  \/ \E self \in Cpu, m \in Mm: protect_clear(self, m)
  \/ \E self \in Cpu: protect_flush(self)

Spec == Init /\ [][Next]_vars

----------------------------------------------------------------------------------------------------
\* what holds

TypeOK ==
  /\ pte \in [Mm -> Pte \cup {NoPte}]
  /\ tlb \in [Cpu \X Mm -> Pte \cup {NoPte}]
  /\ protected \in [Mm -> BOOLEAN]
  /\ lock \in [Mm -> [writers: SUBSET Holder]]
  /\ protect \in [Cpu -> [pc: {"idle", "clear", "flush"},
                          m: Mm \cup {NoMm},
                          page: Page \cup {NoPage}]]

\* only a call under way holds a lock
IdleHoldsNothing ==
  /\ \A c \in Cpu, m \in Mm: <<c, "protect">> \in lock[m].writers => protect[c].pc # "idle"

\* invariant: no writable TLB entry outlives a write-protect
no_stale ==
  \A c \in Cpu, m \in Mm: protected[m] => ~tlb[c, m].write
====================================================================================================
