"""The objects of `bridge`: ports, forwarding entries, VLANs."""
