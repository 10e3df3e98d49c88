"""A run as an object on disk: what was played, so that it can be read, checked and played again."""
