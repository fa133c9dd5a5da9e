"""Obligations as SMT-LIB text, on random models: what cvc5 and Z3 say of the text is what the prover's Z3 says of its
own terms, whether the obligation holds or not."""

from collections.abc import Sequence

from cases import Case, Disagreement
from cowspec.encode.relational.formula import TRUE
from cowspec.encode.relational.obligation import NO_FAULT_YET, START, Question, fault_name
from cowspec.encode.smtlib.script import body
from cowspec.engines.cvc5_solver import PORTFOLIO, opinion
from cowspec.engines.induction.obligations import Obligations, no_fault, preserved
from cowspec.engines.induction.obligations import obligations as prover_of
from cowspec.engines.induction.prove import prove
from cowspec.engines.induction.solver import Answer, Fails, Holds
from cowspec.engines.induction.text import opinion_of_z3
from cowspec.engines.obligation import obligations, questions, subject
from cowspec.evaluate.search import NO_FAULT
from cowspec.system import ir
from cowspec.verdict import Limits, Proved

SAMPLES = 8
LIMITS = Limits(timeout=0.5)
QUICK = PORTFOLIO[:1]


def check_texts(case: Case) -> int:
    """Some obligations, with some assumptions: most of them do not hold. Gives the number of definite answers."""
    of = subject(case.system)
    prover = prover_of(of.system, of.conjuncts, of.transitions, TRUE, LIMITS, lambda *_: False)
    compared = 0
    for question in _drawn(case, prover):
        answer = _asked(prover, question)
        (obligation,) = obligations(case.system, [(of, question, ir.TRUE)])
        text = body(obligation)
        said = {"z3": opinion_of_z3(text, 1, 2.0), "cvc5": opinion(text, 1, QUICK).answer}
        expected = {Holds: "sat", Fails: "unsat"}.get(type(answer))
        for judge, word in said.items():
            if word == expected:
                raise Disagreement(f"{question}: the prover finds {answer}, {judge} finds its text {word}\n{text}")
            compared += word != "unknown" and expected is not None
    return compared


def check_proofs(case: Case) -> int:
    """What is proved is complete, and cvc5 refuses none of it. Gives the number of obligations it confirms."""
    names = [*(prop.name for prop in case.system.properties), NO_FAULT]
    result = prove(case.system, names, ir.TRUE, LIMITS)
    of = subject(case.system)
    confirmed = 0
    for name, verdict in result.verdicts:
        if isinstance(verdict, Proved):
            asked = questions(of, result.known.cores, result.known.under, name)
            for (_, question, _), obligation in zip(asked, obligations(case.system, asked), strict=True):
                said = opinion(body(obligation), 1, QUICK).answer
                if said == "sat":
                    raise Disagreement(f"{question} is part of a proof, and cvc5 refuses it")
                confirmed += said == "unsat"
    return confirmed


def _drawn(case: Case, prover: Obligations) -> Sequence[Question]:
    """Questions about any step and goal, from some of what could be assumed."""
    pairs = [(START, name) for name in prover.conjuncts]
    pairs += [(step, name) for step in prover.steps for name in prover.goals]
    pairs += [(name, fault_name(name, case)) for name, step in prover.steps.items() for case in range(len(step.faults))]
    found = []
    for step, goal in (case.random.choice(pairs) for _ in range(SAMPLES)):
        share = case.random.choice((0.3, 0.9, 1.0))
        names = [name for name in prover.conjuncts if case.random.random() < share]
        is_fault = goal not in prover.goals
        needed = () if step == START else names if is_fault else (NO_FAULT_YET, *names)
        found.append(Question(step, goal, frozenset(needed)))
    return found


def _asked(prover: Obligations, question: Question) -> Answer:
    """The same question to the prover's own Z3."""
    names = sorted(question.needed - {NO_FAULT_YET})
    for number in range(0 if question.step == START else len(prover.steps[question.step].faults)):
        if question.goal == fault_name(question.step, number):
            return no_fault(prover, question.step, question.goal, names)
    return preserved(prover, question.step, question.goal, names)
