"""Work for a Ray cluster (Moritz et al. 2018, arXiv:1712.05889), whoever has it: how one is joined (`joining.py`), how the code
comes to its machines (`arriving.py`), and, for runs, who places their workers there (`broker.py`) and how files travel to and
fro (`carrying.py`). Ray is imported by whoever works on a cluster, and else by nobody."""
