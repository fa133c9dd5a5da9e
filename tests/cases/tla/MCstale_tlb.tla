---------------------------------------- MODULE MCstale_tlb ----------------------------------------
\* For TLC: stale_tlb up to symmetry, and how an error trace is shown.
EXTENDS stale_tlb, TLC

Symmetry == Permutations(Cpu)
            \cup Permutations(Mm)
            \cup Permutations(Page)

\* the calls under way on a CPU: operation and next step
Doing(c) == {call \in {<<"protect", protect[c].pc>>} : call[2] # "idle"}
Alias == [doing |-> [c \in Cpu |-> Doing(c)],
          pte |-> pte,
          tlb |-> tlb,
          protected |-> protected,
          lock |-> lock,
          protect |-> protect]
====================================================================================================
