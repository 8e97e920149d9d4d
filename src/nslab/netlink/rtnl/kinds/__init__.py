"""What each kind of link has of its own: one file a kind, loaded when it is first met."""
