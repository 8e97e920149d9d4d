"""The benchmark's own modules are found in its folder, as when it runs."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "bench"))
