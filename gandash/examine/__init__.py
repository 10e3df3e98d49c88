"""What can be examined in a running game on request: a file each, found by `gandash.examine.registry`."""
