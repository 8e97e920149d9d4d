"""Expectations tested: who reaches whom, who must not, and where it breaks."""
