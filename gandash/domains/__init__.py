"""One object per kind of data, found by `gandash.domains.registry`: it brings all that is particular to its kind."""
