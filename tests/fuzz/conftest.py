"""The helper modules of this folder, and those of `differential` that it shares, are imported by their names."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "differential")]
