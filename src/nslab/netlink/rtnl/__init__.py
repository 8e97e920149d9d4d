"""rtnetlink(7): one file an object, each with its constants, its message and nothing else."""
