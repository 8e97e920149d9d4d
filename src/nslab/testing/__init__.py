"""For tests of programs that use nslab: `FakeKernel` plays the kernel's end of rtnetlink(7)."""

from nslab.testing.fake import FakeKernel, FakeSocket

__all__ = ["FakeKernel", "FakeSocket"]
