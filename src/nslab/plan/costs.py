"""What a lab costs of the kernel's memory, in bytes: found by `bench/memory.py --write`.

On Linux 6.18 with 2 CPUs, of which the kernel keeps some counters each.
"""

NETNS = 238_559
CABLE = 117_309
