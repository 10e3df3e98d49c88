"""Where a game is computed: on a GPU, where there is one and the game is large enough to gain by it, else on the processor.

Only rounds are played there. Random numbers are drawn on the processor, from the generators that a run's seed fixes;
measurements and pictures are made from a copy of the state on the processor.
"""

from __future__ import annotations

import torch

from gandash.config import GameConfig, flop_per_step

CPU = torch.device("cpu")
WORTHWHILE = 2e8  # floating-point operations of a round below which a GPU spends its time being told what to do


def device_for(config: GameConfig) -> torch.device:
    """The device that these settings ask for; the processor where there is no GPU."""
    wanted = config.run.device
    if wanted == "cpu" or not torch.cuda.is_available():
        return CPU
    return torch.device("cuda") if wanted == "cuda" or flop_per_step(config) >= WORTHWHILE else CPU


def name_of(device: torch.device) -> str:
    """The device as people call it."""
    return "CPU" if device.type == "cpu" else f"GPU ({torch.cuda.get_device_name(device)})"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is how Python or torch says that there is not enough memory."""
    return isinstance(error, MemoryError) or "allocate memory" in str(error)
