"""How fast it is: `figures` measures, `rivals` and `jax_rival` are what training is compared with, `live` is a worker seen from
outside."""

NAMES = (
    "plain_2x64",
    "plain_2x64_r1",
    "plain_2x14",
    "limit",
    "population",
    "jax_2x64",
    "jax_2x14",
    "watched",
    "measuring",
    "recording",
    "plain_digits",
    "plain_pictures_16",
    "reaction",
    "live_change",
    "live_change_pictures",
)
"""What can be measured, in this order; `jax_...` where JAX and optax are installed."""
