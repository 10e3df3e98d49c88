"""The same game in JAX as its users write it: pure functions under `jit`, twenty rounds in a `lax.scan`, Adam from optax.

It draws its batches by the fastest generator that JAX has (unsafe_rbg; the default one takes a quarter of a round more), makes
both moves (the generator against the new discriminator on the same latents, which pass through G once more) and returns both
losses of every round. It has no average of G, no gradient of the other loss, no norms, no mean D and no value, which ours
reports beside. It keeps to one thread, as all rivals do.
"""

from __future__ import annotations

import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import optax  # type: ignore[import-untyped]

from gandash.config import GameConfig
from gandash.config.data import MixtureConfig
from gandash.config.networks import MLPConfig
from gandash.config.optimisers import AdamConfig

Layers = list[tuple[Any, Any]]


def _initial(key: Any, sizes: list[int]) -> Layers:
    """As torch's Linear begins."""
    layers = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        key, of_w, of_b = jax.random.split(key, 3)
        reach = 1 / math.sqrt(fan_in)
        draw = [
            jax.random.uniform(k, s, minval=-reach, maxval=reach) for k, s in ((of_w, (fan_in, fan_out)), (of_b, (fan_out,)))
        ]
        layers.append((draw[0], draw[1]))
    return layers


def passed(layers: Layers, x: Any) -> Any:
    """Through a player, samples in rows."""
    for w, b in layers[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


class JaxLoop:
    """A game on a mixture on the line between ReLU MLPs, Adam on both sides, one update of each player per round."""

    rounds = 20  # a call

    def __init__(self, config: GameConfig) -> None:
        net, data, n, gamma = config.generator, config.data, config.run.batch, config.regulariser.r1
        assert isinstance(net, MLPConfig) and net == config.discriminator and net.activation == "relu"
        assert isinstance(data, MixtureConfig) and config.latent.kind == "normal"
        means = jnp.array(data.means)
        latents, hidden = config.latent.dimension, [net.width] * net.depth
        of_g, of_d = (_adam(settings) for settings in (config.generator_optimiser, config.discriminator_optimiser))

        def loss_d(phi: Layers, real: Any, fake: Any) -> Any:
            loss = jax.nn.softplus(-passed(phi, real)).mean() + jax.nn.softplus(passed(phi, fake)).mean()
            if gamma:
                slope = jax.grad(lambda x: passed(phi, x).sum())(real)
                loss += gamma / 2 * (slope**2).sum(1).mean()
            return loss

        def loss_g(theta: Layers, phi: Layers, z: Any) -> Any:
            return jax.nn.softplus(-passed(phi, passed(theta, z))).mean()

        def move(state: Any, key: Any) -> Any:
            theta, phi, moments_g, moments_d = state
            of_mode, of_noise, of_z = jax.random.split(key, 3)
            modes = jax.random.randint(of_mode, (n,), 0, len(means))
            real = (means[modes] + data.std * jax.random.normal(of_noise, (n,)))[:, None]
            z = jax.random.normal(of_z, (n, latents))
            d, gradient = jax.value_and_grad(loss_d)(phi, real, passed(theta, z))
            update, moments_d = of_d.update(gradient, moments_d)
            phi = optax.apply_updates(phi, update)
            g, gradient = jax.value_and_grad(loss_g)(theta, phi, z)
            update, moments_g = of_g.update(gradient, moments_g)
            return (optax.apply_updates(theta, update), phi, moments_g, moments_d), (d, g)

        def play(state: Any, key: Any) -> Any:
            key, own = jax.random.split(key)
            state, losses = jax.lax.scan(move, state, jax.random.split(own, self.rounds))
            return state, key, losses

        self.loss_d, self.loss_g = loss_d, loss_g
        self._play = jax.jit(play, donate_argnums=(0, 1))
        of_theta, of_phi, self._key = jax.random.split(jax.random.key(config.run.seed, impl="unsafe_rbg"), 3)
        theta, phi = _initial(of_theta, [latents, *hidden, 1]), _initial(of_phi, [1, *hidden, 1])
        self.state = theta, phi, of_g.init(theta), of_d.init(phi)

    def round(self) -> None:
        """Twenty of them."""
        self.state, self._key, self.losses = self._play(self.state, self._key)
        jax.block_until_ready(self.losses)  # type: ignore[no-untyped-call]


def _adam(settings: Any) -> Any:
    assert isinstance(settings, AdamConfig)
    return optax.adam(settings.learning_rate, settings.beta1, settings.beta2, settings.epsilon)
