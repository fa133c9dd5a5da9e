----------------------------------------- MODULE MCmigrate -----------------------------------------
\* For TLC: migrate up to symmetry, and how an error trace is shown.
EXTENDS migrate, TLC

Symmetry == Permutations(Cpu)
            \cup Permutations(Page)
            \cup Permutations(Value)

\* the calls under way on a CPU: operation and next step
Doing(c) == {call \in {<<"migrate", migrate[c].pc>>,
                       <<"allocate", allocate[c].pc>>,
                       <<"lookup", lookup[c].pc>>} : call[2] # "idle"}
Alias == [doing |-> [c \in Cpu |-> Doing(c)],
          content |-> content,
          mark |-> mark,
          mapped |-> mapped,
          spare |-> spare,
          moved |-> moved,
          mm_lock |-> mm_lock,
          moving |-> moving,
          migrate |-> migrate,
          allocate |-> allocate,
          lookup |-> lookup,
          fault |-> fault]
====================================================================================================
