"""Names in the TLA+ module: the model's own, unless TLA+ or the module itself needs the name.

TLA+ lets no bound name hide another one, so every definition hands out its bound names here, too.
"""

import re
from collections.abc import Collection

_KEYWORDS = """
ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED
EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER PICK PROOF
PROPOSITION PROVE QED RECURSIVE SF_ STATE STRING SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED UNION USE
VARIABLE VARIABLES WF_ WITH WITNESS
"""
_LIBRARY = """
Nat Seq Len Append Head Tail SubSeq SelectSeq Cardinality IsFiniteSet Print PrintT Assert JavaTime TLCGet TLCSet
Permutations SortSeq RandomElement Any ToString TLCEval
"""
_MODULE = """
Init Next Spec TypeOK IdleHoldsNothing Symmetry Alias Doing NoFault Fault Idle Holder ValueAt fault vars world self
Released_mutex Released_rwlock Released_seqcount Released_one_mutex Released_one_rwlock Released_one_seqcount
"""
_CONFIGURATION = """
INIT NEXT SPECIFICATION INVARIANT INVARIANTS PROPERTY PROPERTIES SYMMETRY ALIAS VIEW POSTCONDITION CHECK_DEADLOCK
ACTION_CONSTRAINT ACTION_CONSTRAINTS CONSTRAINT CONSTRAINTS
"""
RESERVED = frozenset(f"{_KEYWORDS} {_LIBRARY} {_MODULE} {_CONFIGURATION}".split())


def identifier(name: str) -> str:
    """A TLA+ identifier that looks like the name: without the checker's mark (`c#2`), dots and `:` as `_`."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name.partition("#")[0])
    plain = plain if re.search("[A-Za-z]", plain) else f"x{plain}"
    return f"{plain}_" if plain in RESERVED or plain.startswith(("WF_", "SF_")) else plain


def fresh(name: str, taken: Collection[str]) -> str:
    """`identifier(name)`, with a number if it is taken."""
    plain = unique = identifier(name)
    number = 1
    while unique in taken:
        number += 1
        unique = f"{plain}_{number}"
    return unique


def string(text: str) -> str:
    """A TLA+ string; it has no backquotes, and what is not ASCII is shown as `?`."""
    plain = text.encode("ascii", "replace").decode("ascii").replace("`", "'")
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def comment(text: str) -> str:
    """The text after `\\*`; nothing in it ends a comment, as it stands on one line."""
    return "\\* " + text.encode("ascii", "replace").decode("ascii")
