"""A player that was given as a `torch.nn.Module`, instead of having been built from settings."""

from __future__ import annotations

import copy
import math

import torch
from torch import Generator, Tensor
from torch.func import functional_call

from gandash.config.networks import Shape
from gandash.game.networks.base import Masks, Network

TRIED = 16  # samples that tell whether a module's output is random, and whether it couples its batch


class UnfitModule(ValueError):
    """A module that cannot be this player: says what was given and what is needed."""


class ModuleNetwork(Network):
    """A module as a pure function of its parameters, which lie in the row one behind the other, in the module's own order.

    It starts with the parameters that it comes with, and stays as it is: what moves is a row. It is called on
    `(batch, inputs)`; the generator of pictures of this `shape` gives `(batch, channels, height, width)`, their discriminator
    takes it. `takes`: the shape of one input, where it is another. Buffers do not move: batch norm in training mode takes the
    batch's own statistics and keeps none, in evaluation mode those that it came with. A player of somebody's own loop,
    `of_a_loop`, is what that makes of it: there buffers of numbers are part of the row, and it may draw random ones.
    Spectral normalisation takes every parameter of two or more dimensions as a matrix `(first dimension, the rest)`.
    Raises UnfitModule.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        inputs: int,
        outputs: int,
        shape: Shape | None = None,
        takes: tuple[int, ...] | None = None,
        of_a_loop: bool = False,
    ) -> None:
        self.module = copy.deepcopy(module)
        self._parameters = {name: p.detach().clone() for name, p in self.module.named_parameters()}
        self._buffers = {name: b.detach().clone() for name, b in self.module.named_buffers()}
        if of_a_loop:
            moving = {name: b for name, b in self._buffers.items() if b.is_floating_point()}
            self._parameters |= moving
            self._buffers = {name: b for name, b in self._buffers.items() if name not in moving}
        self._inputs = takes or (shape if shape is not None and math.prod(shape) == inputs else (inputs,))
        self._outputs = outputs
        if not self._parameters or any(p.dtype != torch.float32 or p.device.type != "cpu" for p in self._parameters.values()):
            raise UnfitModule("given a module without parameters of float32 on the processor; that is where they are played")
        own = list(self._parameters.values())
        self.lengths = [p.numel() for p in own]
        self.matrices = [i for i, p in enumerate(own) if p.dim() > 1]
        self.shapes = [(own[i].shape[0], own[i].numel() // own[i].shape[0]) for i in self.matrices]
        super().__init__(sum(self.lengths))
        self.couples_batch = self._tried(of_a_loop)

    def __str__(self) -> str:
        return str(self.module)

    def initialise(self, generator: Generator) -> Tensor:
        """Its own parameters, shape `(size,)`; nothing is drawn."""
        return torch.cat([p.flatten() for p in self._parameters.values()])

    def __call__(self, rows: Tensor, x: Tensor, masks: Masks | None = None) -> Tensor:
        """rows `(members, size)`, x `(members, batch, inputs)` -> `(members, batch, outputs)`."""
        return torch.stack([self._of(row, batch) for row, batch in zip(rows, x, strict=True)])

    def _of(self, row: Tensor, x: Tensor) -> Tensor:
        parts = torch.split(row, self.lengths)
        given = {n: part.view(p.shape) for part, (n, p) in zip(parts, self._parameters.items(), strict=True)}
        given |= {name: b.clone() for name, b in self._buffers.items()}  # batch norm counts in them
        made: Tensor = functional_call(self.module, given, (x.reshape(len(x), *self._inputs),))
        return made.reshape(len(x), self._outputs)

    @torch.no_grad()
    def _tried(self, may_draw: bool) -> bool:
        """Whether the outputs of one batch depend on each other; raises UnfitModule for what cannot be played."""
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(TRIED, math.prod(self._inputs), generator=generator)
        row = self.initialise(generator)
        wanted = f"({TRIED}, {self._outputs}) is needed of {(TRIED, *self._inputs)}"
        try:
            made, again, few = self._of(row, x), self._of(row, x), self._of(row, x[: TRIED // 2])
        except (RuntimeError, ValueError, TypeError) as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UnfitModule(f"given a module that does not make what is needed ({wanted}): {said}") from None
        if not torch.equal(made, again):
            if may_draw:
                return False
            told = (
                "the same input gives another output each time; put its dropout into evaluation mode: a run must be repeatable"
            )
            raise UnfitModule(f"given a module that draws random numbers: {told}")
        return not torch.allclose(made[: TRIED // 2], few, rtol=1e-4, atol=1e-5)
