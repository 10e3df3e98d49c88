"""The old name of `gandash.server`, for scripts that were written against it."""
