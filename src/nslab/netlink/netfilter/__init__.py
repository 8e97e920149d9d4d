"""nfnetlink: what netfilter says over netlink, one file a subsystem."""
