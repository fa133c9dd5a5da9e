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
BUGGY = ("--set", "cow=page_count", "--set", "no-flush_in_ptl", "--set", "no-lock_for_write")
COSTS = ("--set", "cow=page_count", "--scope", "Cpu=2,Mm=2,Va=1,Page=3,Value=1")
COMMANDS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("start-up", ("--version",), 3),
    ("parse and type", ("list", "models/uffd_wp.cow"), 3),
    ("prove one property, one setting", ("prove", "models/uffd_wp.cow", "-i", "stable_copy_source", *ONE), 3),
    ("prove the hardest property", ("prove", "models/uffd_wp.cow", "-i", "cow_invisible", *ONE), 3),
    ("refute E02", ("refute", "models/uffd_wp.cow", "-i", "cow_invisible", *BUGGY, "--set", "no-keep_write"), 1),
    ("refute E01", ("refute", "models/uffd_wp.cow", "-i", "cow_invisible", *BUGGY, "--set", "keep_write"), 1),
    ("cost of one policy", ("cost", "models/vmsplice.cow", *COSTS), 1),
    ("check models/", ("check", "models/"), 1),
)


def main() -> None:
    print(f"{'what':34} {'min s':>8} {'median s':>9} {'peak MB':>8}")
    for what, arguments, runs in COMMANDS:
        seconds = []
        for number in range(runs + (runs > 1)):
            began = time.perf_counter()
            subprocess.run((*COWSPEC, *arguments), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if runs == 1 or number > 0:
                seconds.append(time.perf_counter() - began)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{what:34} {min(seconds):8.2f} {statistics.median(seconds):9.2f} {peak:8.0f}", flush=True)


if __name__ == "__main__":
    main()
