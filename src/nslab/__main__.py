"""`python -m nslab`."""

from nslab.cli import entry

entry()
