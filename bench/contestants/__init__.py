"""The contestants: one script each, run as `python -m contestants.NAME SHAPE NODES`."""
