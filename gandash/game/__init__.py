"""The game itself: pure maths. No clock, no files, no global randomness.

Players are flat parameter vectors with a leading *members* axis: theta `(members, n_theta)` for the generators and phi
`(members, n_phi)` for the discriminators of a population of games played side by side by the same code.
"""
