"""Are the numbers on the screen true? A preset is played, and each number that its page shows is found again by other means.

Nothing here uses an estimator of `gandash.diagnostics`: what is audited may not audit itself. Players, laws and their exact
densities are the game's own; samples are fresh and many.
"""
