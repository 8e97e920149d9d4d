"""Generic netlink: families that have no number of their own, one file a family."""
