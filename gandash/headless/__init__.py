"""A game without a page: in a terminal (`python -m gandash train`), in Python and in notebooks (`gandash.train`)."""
