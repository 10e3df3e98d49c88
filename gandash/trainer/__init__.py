"""The background trainer: a worker process per run, and the supervisor that looks after them."""
