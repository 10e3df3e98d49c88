"""Rounds in compiled code: games between plain MLPs, points and straight lines on the processor, many
rounds a call, without returning to Python.

**What is compiled.** One function, `round.play`, for all games: activations, objectives, penalties, optimisers and update
rules are numbers that it switches on outside its loops, so it is compiled once for a machine and not once for a game. Matrix
products are BLAS's sgemm (`products.py`); what lies between them is loops over whole layers, flat and in float32, that LLVM
vectorises, also exp and log (`functions.py`: libm's would be called number by number).

**What it takes.** Named tuples of flat arrays, one `Player` for each side of a member, `Memory` that a round writes before it
reads it, `Draws` for what is drawn; within compiled code each is one pointer (`reference.py`).

**Where to read what.** Passes through a network: `network.py`; objectives, sample by sample: `objectives.py`; both players'
gradients, with D's penalties: `gradients.py`; optimisers and spectral normalisation: `moves.py`; who moves when:
`plans.py`; the round itself: `round.py`; where random numbers come from: `philox.py`, `draws.py`; between all this and the
rest of the house: `engine.py`.

**Bit for bit.** A member is played by itself, on memory that nothing else writes meanwhile, from counter-based random
numbers: so it is the same game alone or among others, in any order, by any number of threads. Sums may be vectorised, in
one fixed order. The same machine and the same versions of numba, torch and scipy (whose BLAS it is) give the same numbers;
torch's own rounds give others, on other draws, and so a run's record says which engine played it.

**What is not covered** is played by torch, on the same counter-based draws: convolutions, batch and layer norm, maxout,
dropout, the rules that need the field's derivatives, and other devices.

**Kept on disk.** Compiling takes half a minute, reading it back two thirds of a second: what is kept, where, and whether all
of it is there says `disk_cache.py`; `making.py` gets it there. Nobody waits for it: until it is there, torch plays, from the
beginning to the end of a run.

Of these files `disk_cache.py`, `making.py`, `plans.py` and `streams.py` need no numba to be imported.
"""
