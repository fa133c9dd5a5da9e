"""How much luck there is in the any-size proofs: `python tests/bench/stability.py [--sample N] [MODEL...]`.

Each model is one process of `cowspec stability`; a row of `stability.md` is printed as soon as it has ended, and below
the table what needed a second try or did not hold. Seconds are of processor time, with the proofs that come first.
"""

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HEAD = "| model | obligations | mutants | hold | second tries | units, median | variation, median | CPU s | command |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=sorted(path.stem for path in (ROOT / "models").glob("*.cow")))
    parser.add_argument("--sample", type=int)
    parser.add_argument("--mutants", type=int, default=20)
    asked = parser.parse_args()
    print(f"{HEAD}\n|{'---|' * HEAD.count(' | ')}---|")
    remarks: list[str] = []
    for model in asked.models:
        words = ["stability", f"models/{model}.cow"]
        words += [] if asked.mutants == 20 else ["--mutants", str(asked.mutants)]
        words += [] if asked.sample is None else ["--sample", str(asked.sample)]
        before = seconds()
        command = (sys.executable, "-m", "cowspec", *words, "--jobs", "1", "--json")
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if not answer.stdout:
            sys.exit(answer.stderr)
        (found,) = json.loads(answer.stdout)["models"]
        print(row(model, found, seconds() - before, " ".join(words)), flush=True)
        remarks += remarked(model, found)
    print("", *remarks, sep="\n")


def seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def row(model: str, found: dict[str, Any], spent: float, command: str) -> str:
    each, known = found["obligations"], found["obligations_known"]
    obligations = f"{known:,}" if len(each) == known else f"{len(each):,} of {known:,}"
    units = found["units"] or {"min": 0, "max": 0, "median": 0}
    own = sorted(obligation["units"]["variation"] for obligation in each if obligation["units"])
    variation = f"{own[len(own) // 2] * 100:.0f} % (most {own[-1] * 100:.0f} %)" if own else ""
    cells = (
        model,
        obligations,
        found["mutants"],
        f"{found['held']:,} of {found['tried']:,}",
        f"{found['held'] - found['held_at_first_try']:,}",
        f"{units['min']:,}..{units['max']:,}, {units['median']:,}",
        variation,
        f"{spent:.0f}",
        f"`{command}`",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def remarked(model: str, found: dict[str, Any]) -> list[str]:
    """A line for each obligation that did not hold at once, each that was not asked, and each proof that failed."""
    lines = []
    for each in found["obligations"]:
        if each["held_at_first_try"] < found["mutants"]:
            why = "".join(f", {reason}" for reason in each["open"])
            lines.append(
                f"- {model}, {each['step']}, {each['conjunct']} ({each['settings']}): {each['held']} hold, "
                f"{each['held_at_first_try']} at once{why}; {each['units']}; from {', '.join(each['core'])}"
            )
    lines += [f"- {model}, {each['step']}, {each['conjunct']}: {each['reason']}" for each in found["unknown"]]
    return lines + [f"- {model}, {each['property']} not proved: {each['reason']}" for each in found["unproved"]]


if __name__ == "__main__":
    main()
