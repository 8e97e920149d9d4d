"""Run all parts that are there, one after another, and write the document.

python -m tests.torture
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.torture.report import PARTS


def main() -> int:
    """Run each part in a process of its own; give 1 if one failed."""
    there = [name for name in PARTS if Path(__file__).with_name(f"{name}.py").exists()]
    codes = [
        subprocess.run([sys.executable, "-m", f"tests.torture.{name}"], check=False).returncode
        for name in there
    ]
    subprocess.run([sys.executable, "-m", "tests.torture.report"], check=True)
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
