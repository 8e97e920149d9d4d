"""The only I/O: system calls, namespaces, sockets, processes. Everything above asks it.

`libc` wraps the calls that Python lacks, `netns` owns namespaces, `registry` their names,
`transport` speaks netlink, `holder` is the process that keeps a lab's namespaces and `sandbox` its
client, `spawn` and `programs` run programs in nodes and `echo` pings between them.
"""
