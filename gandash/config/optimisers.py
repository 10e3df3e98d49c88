"""How a player turns its gradient into a step."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gandash.config.setting import Settings, setting

_lr_help = "Step size. Too high and the players orbit or explode, too low and nothing seems to happen; try a factor of 3."


def _learning_rate(default: float) -> Any:
    return setting(default, label="Learning rate", symbol="lr", live=True, scale="log", gt=0, le=10, help=_lr_help)


class GradientDescentConfig(Settings):
    """p <- p - lr g."""

    kind: Literal["gradient_descent"] = "gradient_descent"
    learning_rate: float = _learning_rate(0.05)


class MomentumConfig(Settings):
    """Heavy ball: b <- momentum b + g, p <- p - lr b (torch.optim.SGD's convention)."""

    kind: Literal["momentum"] = "momentum"
    learning_rate: float = _learning_rate(0.02)
    momentum: float = setting(
        0.5,
        label="Momentum",
        symbol="μ",
        live=True,
        ge=-0.95,
        le=0.999,
        help="In games momentum feeds the orbit; negative damps it.",
    )


class RMSPropConfig(Settings):
    """Gradient divided by the root of its running mean square (Tieleman and Hinton 2012)."""

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = _learning_rate(1e-3)
    decay: float = setting(
        0.99,
        label="Decay",
        symbol="α",
        live=True,
        ge=0,
        le=0.9999,
        help="Memory of the mean square; longer is smoother. It begins at 0 and is not corrected for that, as everywhere: at "
        "α = 0.99 the first step is ten times as long as one with a full memory.",
    )
    epsilon: float = setting(
        1e-8,
        label="Epsilon",
        symbol="ε",
        live=True,
        scale="log",
        gt=0,
        le=1,
        help="Bounds the step where gradients vanish.",
    )


class AdamConfig(Settings):
    """Kingma and Ba 2014 (arXiv:1412.6980)."""

    kind: Literal["adam"] = "adam"
    learning_rate: float = _learning_rate(1e-3)
    beta1: float = setting(
        0.0,
        label="β₁",
        symbol="β₁",
        live=True,
        ge=-0.9,
        le=0.999,
        help="Momentum of Adam. In games 0 to 0.5 is calmer than 0.9.",
    )
    beta2: float = setting(
        0.9,
        label="β₂",
        symbol="β₂",
        live=True,
        ge=0,
        le=0.9999,
        help="Memory of the step scaling; shorter reacts faster.",
    )
    epsilon: float = setting(
        1e-8,
        label="Epsilon",
        symbol="ε",
        live=True,
        scale="log",
        gt=0,
        le=1,
        help="Bounds the step where gradients vanish.",
    )


OptimiserConfig = Annotated[GradientDescentConfig | MomentumConfig | RMSPropConfig | AdamConfig, Field(discriminator="kind")]
