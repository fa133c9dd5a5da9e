"""The figures to quote, as whole processes: `python tests/bench/run.py`.

Each command runs once to warm up and up to three times counted: wall seconds, and the largest peak memory of
any process so far. Quote medians and ratios of one run: machines are noisy.
"""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
COWSPEC = (sys.executable, "-m", "cowspec")
ONE = ("--set", "cow=page_count", "--set", "flush_in_ptl", "--set", "no-lock_for_write", "--set", "no-keep_write")
BUGGY = (
    *("--set", "cow=page_count", "--set", "no-flush_in_ptl", "--set", "no-lock_for_write"),
    *("--set", "no-flush_if_pending", "--set", "shootdown=at_once"),
)
KEPT = ("check", "prove", "refute")  # what these find is kept: whoever measures wants the work done
COSTS = ("--set", "cow=page_count", "--scope", "Cpu=2,Mm=2,Va=1,Page=3,Value=1")
DECEMBER = "models/december_2020.cow"
SMALL = "Cpu=1,Mm=2,Va=1,Page=2,Value=1,Gup=1"
FIXES = ("early_copy", "seq_retry", "flush_if_pending", "clear_refs_flush", "clear_refs_lock")
NOT_FIXED = ("flush_in_ptl", "lock_for_write", "keep_write", "skip_pinned")


def of_december(verb: str, name: str, cow: str, *without: str, scope: str = "") -> tuple[str, ...]:
    """One property under one setting: the fixes that the proofs need, but for those left out."""
    fixes = [fix if fix not in without else f"no-{fix}" for fix in FIXES] + [f"no-{fix}" for fix in NOT_FIXED]
    options = ["shootdown=at_once", f"cow={cow}", *fixes]
    sizes = ("--scope", scope) if scope else ()
    return (verb, DECEMBER, "-i", name, *sizes, *(part for option in options for part in ("--set", option)))


COMMANDS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("start-up", ("--version",), 3),
    ("parse and type", ("list", "models/uffd_wp.cow"), 3),
    ("prove one property, one setting", ("prove", "models/uffd_wp.cow", "-i", "stable_copy_source", *ONE), 3),
    ("prove the hardest property", ("prove", "models/uffd_wp.cow", "-i", "cow_invisible", *ONE), 3),
    ("refute E02", ("refute", "models/uffd_wp.cow", "-i", "cow_invisible", *BUGGY, "--set", "no-keep_write"), 1),
    ("refute E01", ("refute", "models/uffd_wp.cow", "-i", "cow_invisible", *BUGGY, "--set", "keep_write"), 1),
    ("December: no_use_after_free", of_december("prove", "no_use_after_free", "mapcount"), 1),
    ("December: no_lost_store, page_count", of_december("prove", "no_lost_store", "page_count"), 1),
    ("December: no_lost_store, the bit", of_december("prove", "no_lost_store", "anon_exclusive"), 1),
    ("December: isolation", of_december("prove", "isolation", "page_count"), 1),
    ("December: pin_coherent", of_december("prove", "pin_coherent", "anon_exclusive"), 1),
    ("December: cow_invisible", of_december("prove", "cow_invisible", "anon_exclusive"), 1),
    ("the same from no hints", (*of_december("prove", "cow_invisible", "anon_exclusive"), "--no-hints"), 1),
    ("December: refute isolation", of_december("refute", "isolation", "mapcount", scope=SMALL), 1),
    (
        "December: refute pin_coherent",
        of_december("refute", "pin_coherent", "anon_exclusive", "early_copy", scope=SMALL),
        1,
    ),
    ("cost of one policy", ("cost", "models/vmsplice.cow", *COSTS), 1),
    ("check models/", ("check", "models/"), 1),
    ("check models/ --no-hints", ("check", "models/", "--no-hints"), 1),
    ("check models/ --cross", ("check", "models/", "--cross"), 1),
)


def main() -> None:
    print(f"{'what':38} {'min s':>8} {'median s':>9} {'peak MB':>8}")
    for what, arguments, runs in COMMANDS:
        seconds = []
        command = (*COWSPEC, *arguments, *(("--no-cache",) if arguments[0] in KEPT else ()))
        for number in range(runs + (runs > 1)):
            began = time.perf_counter()
            subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if runs == 1 or number > 0:
                seconds.append(time.perf_counter() - began)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{what:38} {min(seconds):8.2f} {statistics.median(seconds):9.2f} {peak:8.0f}", flush=True)


if __name__ == "__main__":
    main()
