"""cvc5 as a second judge of obligations: it reads the SMT-LIB text, and shares nothing with the first.

In: the text of an obligation. Out: `Opinion`: unsat, sat or unknown.

Traps of the solver, told here once:
- One set of options decides nearly everything at once; what it leaves open another one may decide at once. So several
  are tried, each for a short time (`PORTFOLIO`).
- `rlimit-per` counts cvc5's own resource units, so the same text gets the same answer; `tlimit-per` is there for what
  does not count them. Some options (`finite-model-find`) obey neither. Whoever asks must be ready to kill this process.
- A solver that was cut off is thrown away. Everything belongs to one `TermManager`, made anew for each question.
- The solver may end the process (a failed assertion): nothing is claimed from that.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from time import process_time

UNITS_PER_SECOND = 400_000
"""cvc5's resource units that a second is worth, about."""

Tries = tuple[tuple[float, dict[str, str]], ...]

PORTFOLIO: Tries = (
    (1.0, {"enum-inst": "true"}),
    (2.0, {"mbqi": "true"}),
    (2.0, {"enum-inst": "true", "e-matching": "false"}),
    (5.0, {"enum-inst": "true"}),
)
"""Seconds and options of one try after the other. Measured on the obligations of `models/`: the first try decides all
but a few."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """`answer`: "unsat", "sat" or "unknown". `reason`: why it is unknown. `model`: what cvc5 shows for sat."""

    answer: str
    seconds: float
    reason: str = ""
    model: str = ""


def available() -> bool:
    return find_spec("cvc5") is not None


def cvc5_version() -> str:
    import cvc5  # only where it is wanted: it is optional

    return str(cvc5.__version__)


def opinion(text: str, seed: int = 0, tries: Tries = PORTFOLIO) -> Opinion:
    """What cvc5 says of the script. Raises `RuntimeError` if it cannot read it."""
    began = process_time()
    found = Opinion("unknown", 0.0)
    for seconds, options in tries:
        answer, said = _try(text, seconds, {**options, "seed": str(seed)})
        found = Opinion(answer, process_time() - began, said if answer == "unknown" else "", said)
        if answer != "unknown":
            break
    return found if found.answer == "sat" else Opinion(found.answer, found.seconds, found.reason)


def command_line() -> str:
    """How a reader asks the same of cvc5 by hand."""
    options = " ".join(f"--{name}" for name, value in PORTFOLIO[0][1].items() if value == "true")
    return f"cvc5 {options} --produce-models"


def _try(text: str, seconds: float, options: dict[str, str]) -> tuple[str, str]:
    """The answer, and the reason or the model."""
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    limits = {"rlimit-per": str(int(seconds * UNITS_PER_SECOND)), "tlimit-per": str(int(3000 * seconds))}
    for name, value in {**options, **limits, "produce-models": "true"}.items():
        solver.setOption(name, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols = parser.getSymbolManager()
    answer = "unknown"
    while not (command := parser.nextCommand()).isNull():
        if command.getCommandName() == "exit":
            break
        said = str(command.invoke(solver, symbols)).strip()
        if command.getCommandName() == "check-sat":
            answer = said if said in ("sat", "unsat") else "unknown"
        elif said and said != "success":
            raise RuntimeError(said)
    if answer == "sat":
        return answer, str(solver.getModel(symbols.getDeclaredSorts(), symbols.getDeclaredTerms()))
    return answer, "resource limit" if answer == "unknown" else ""
