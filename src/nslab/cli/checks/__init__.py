"""What `nslab doctor` tries and reads: each module gives `Check`s of one subject."""

from nslab.cli.checks.check import Check

__all__ = ["Check"]
