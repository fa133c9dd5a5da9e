"""How much `cowspec infer` finds by itself: all lemmas of model and library are left out, the proof must come back.

`python tests/bench/infer.py [NAME...]` runs the cases whose line contains one of the names, one after the other, and
prints a table: property, setting, lemmas found, literals, what they were found for, seconds. Not part of the test
suite: each case may take minutes.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROTOCOLS = "tests/bench/protocols"
SECONDS = 300

CASES = [
    ("models/uffd_wp.cow", "cow=mapcount,no-fix", "cow_invisible stable_copy_source no_stale_writable_tlb"),
    ("models/uffd_wp.cow", "cow=anon_exclusive,no-fix", "cow_invisible stable_copy_source no_stale_writable_tlb"),
    ("models/uffd_wp.cow", "cow=page_count,flush_in_ptl,no-fix", "cow_invisible stable_copy_source"),
    ("models/uffd_wp.cow", "cow=page_count,lock_for_write,no-fix", "cow_invisible stable_copy_source"),
    ("models/uffd_wp.cow", "cow=page_count,flush_if_pending,no-fix", "cow_invisible stable_copy_source"),
    ("models/uffd_wp.cow", "cow=page_count,no-fix", "no_stale_writable_tlb"),
    ("models/vmsplice.cow", "cow=mapcount,no-fix", "cow_invisible no_use_after_free"),
    ("models/vmsplice.cow", "cow=page_count,no-fix", "snapshot_or_own cow_invisible no_use_after_free"),
    ("models/vmsplice.cow", "cow=anon_exclusive,no-fix", "snapshot_or_own cow_invisible no_use_after_free"),
]


def main() -> None:
    cases = [(model, under, name) for model, under, names in CASES for name in names.split()]
    cases += [(str(path.relative_to(ROOT)), "", "") for path in sorted((ROOT / PROTOCOLS).glob("*.cow"))]
    wanted = sys.argv[1:]
    for model, under, name in cases:
        line = f"{model} {under} {name}"
        if not wanted or any(word in line for word in wanted):
            run(model, under, name)


def run(model: str, under: str, name: str) -> None:
    """One line of the table, and what was found below it."""
    command = [sys.executable, "-m", "cowspec", "infer", model, "--from-scratch", "--json", "--timings"]
    command += [f"--timeout={SECONDS}"]
    command += ["--set", under] if under else []
    command += ["-i", name] if name else []
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={"PYTHONPATH": "compiler"}, check=False
    )
    try:
        found = json.loads(done.stdout)["properties"]
    except ValueError:
        print(f"{model} | {name} | {under} | failed | {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
        return
    for each in found:
        lemmas = each["lemmas"]
        literals = sum(lemma["literals"] for lemma in lemmas)
        print(
            f"{model} | {each['property']} | {under} | {each['verdict']} | {len(lemmas)} lemmas | {literals} literals"
            f" | {each['counterexamples']} cti | {each['seconds']:.0f} s",
            flush=True,
        )
        for lemma in lemmas:
            print("    " + " ".join(lemma["text"].split()) + f"   // {lemma['found_for']}", flush=True)
        for note in each["notes"]:
            print("    note: " + note, flush=True)


if __name__ == "__main__":
    main()
