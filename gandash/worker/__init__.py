"""The torch side, a process per run: a game in progress, what is measured and drawn of it, and the loop that plays it."""
