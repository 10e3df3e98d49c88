"""Many games at once, to see where in the space of settings a GAN converges, circles, collapses or dies.

What a sweep is: `axes.py`, `sweep.py`. What is to be played, in which parts, and what that costs: `planning.py`, `cost.py`. A
part played, which is a function of its description alone: `playing.py`. On all cores of one machine: `local.py`, `player.py`;
of a Ray cluster: `cluster.py`. What is kept: `results.py`; as a picture: `diagram.py`. Of these `playing.py`
alone needs torch.
"""
