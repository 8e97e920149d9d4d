"""`python -m nslab`."""

import sys

from nslab.cli import entry

sys.exit(entry())
