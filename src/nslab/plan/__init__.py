"""Desired times observed makes steps: what the file says, what the kernel has, what is to be done.

`state` is the common form of both, `lower` makes it of a lab, `observe` of the kernel; `diff`
compares and gives `steps`, `apply` takes them. `session` is what users call, `bring` what that does
once a holder is there, and `running` the lab that they get.
"""
