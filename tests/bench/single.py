"""How long one property under one setting takes: `python tests/bench/single.py [MODEL...]`.

For each line of a model's expectations and each property that it names: `cowspec check MODEL -i NAME --set ...`, every
switch fixed as in the first setting of the line, as a process of its own with `--no-cache`. Wall seconds, the slowest
first; those over five seconds are counted. What takes longer than that is asked twice more, and the least counts: a
host may be busy with others for a second. Bytecode is kept, as it is wherever nobody forbids it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "compiler"))

from cowspec.cli.load import load_systems  # noqa: E402
from cowspec.system.ir import Setting  # noqa: E402
from cowspec.system.switches import all_settings, holds  # noqa: E402

SECONDS = 5.0
"""The aim."""

AGAIN = 2
"""How often more what misses it is asked."""


def main(chosen: Sequence[str]) -> None:
    models = chosen or sorted(str(path.relative_to(ROOT)) for path in (ROOT / "models").glob("*.cow"))
    found = sorted((row for model in models for row in rows(model)), reverse=True)
    print(f"{'s':>6}  model, property, verdict, setting")
    for seconds, what in found:
        print(f"{seconds:6.2f}  {what}")
    over = sum(seconds > SECONDS for seconds, _ in found)
    print(f"{len(found)} properties under one setting each, {over} over {SECONDS:.0f} s")


def rows(model: str) -> Iterator[tuple[float, str]]:
    (system,) = load_systems([str(ROOT / model)])
    settings = all_settings(system)
    for line in system.expectations:
        setting = next((each for each in settings if holds(line.when, each)), None)
        for name in line.properties if setting is not None else ():
            fixed = [part for option in options(setting) for part in ("--set", option)]
            command = [sys.executable, "-m", "cowspec", "check", model, "-i", name, *fixed, "--no-cache"]
            seconds, status = timed(command)
            for _ in range(AGAIN if seconds > SECONDS else 0):
                seconds = min(seconds, timed(command)[0])
            ended = "" if status == 0 else f" EXIT STATUS {status}"
            what = f"{Path(model).stem} {name}: {line.verdict.value} {','.join(options(setting))}{ended}"
            yield seconds, what


def timed(command: Sequence[str]) -> tuple[float, int]:
    """Wall seconds, and the exit status."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment
    )
    return time.perf_counter() - began, done.returncode


def options(setting: Setting | None) -> list[str]:
    """As `--set` has them."""
    said = {"on": "{}", "off": "no-{}"}
    return [said.get(option, "{}=" + option).format(name) for name, option in setting or ()]


if __name__ == "__main__":
    main(sys.argv[1:])
