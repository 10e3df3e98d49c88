"""What the columns of the curves are, in words, and in which unit."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """`unit`: "" of a pure number."""

    unit: str
    meaning: str


_AVERAGE = "_average"
_OUTPUT = "D's output"  # its unit depends on the objective

_KNOWN: dict[str, Column] = {
    "loss_d": Column("", "L_D on the round's own batch, without penalties, minimised; in nats where D gives a probability"),
    "loss_g": Column("", "L_G on the round's own batch, minimised; in nats where D gives a probability"),
    "log_d_real": Column("nats", "E log D(x) on real data; NaN where D gives no probability"),
    "log_d_fake": Column("nats", "E log(1 - D(G(z))) on generated data; NaN where D gives no probability"),
    "value": Column("nats", "V = E log D(x) + E log(1 - D(G(z))), on the round's own batch; -log 4 at equilibrium"),
    "mean_d_real": Column(_OUTPUT, "mean of D(x), or of a critic's score, on real data"),
    "mean_d_fake": Column(_OUTPUT, "the same on generated data"),
    "gradient_norm_d": Column("", "Euclidean norm of grad_phi L_D, penalties included; NaN where D stood still"),
    "gradient_norm_g": Column("", "Euclidean norm of grad_theta L_G; NaN where G stood still"),
    "gradient_norm_g_other": Column("", "the same of the generator's loss that is not played, from the same state"),
    "update_norm_d": Column("", "Euclidean length of D's last move in its parameters"),
    "update_norm_g": Column("", "Euclidean length of G's last move in its parameters"),
    "learning_rate_d": Column("", "D's learning rate in force"),
    "learning_rate_g": Column("", "G's learning rate in force"),
    "jsd": Column("nats", "Jensen–Shannon divergence of p_g and p_r"),
    "wasserstein": Column("units of x", "W1 of p_g and p_r on the line, sliced W1 on the plane"),
    "modes": Column("count", "captured modes, digits, classes or cells of p_r"),
    "high_quality": Column("share", "generated samples of high quality"),
    "reverse_kl": Column("nats", "KL divergence of the shares of p_g at modes, digits or cells from their true weights"),
    "gap_half": Column(_OUTPUT, "sup |D - 1/2| (or the objective's own centre) over the central 98 % of p_r"),
    "gap_star": Column(_OUTPUT, "sup |D - D*| over the central 98 % of p_r"),
    "jsd_seen": Column("nats", "JSD of the laws as D sees them, in noise and in packs; the best D has V = 2 of it - log 4"),
    "slope_real": Column("per unit of x", "E |grad_x a| of D's output before the sigmoid on real data"),
    "slope_fake": Column("per unit of x", "the same on generated data"),
    "update_cosine": Column("", "cosine of both players' joint displacement since the last measurement and the one before"),
    "frechet": Column("", "Fréchet distance of features of generated and real pictures, in units of the real ones' variance"),
    "precision": Column("share", "generated pictures that lie among real ones by their features"),
    "recall": Column("share", "real pictures that lie among generated ones by their features"),
    "density": Column("", "how many real pictures' neighbourhoods a generated one lies in, relative to a real one"),
    "coverage": Column("share", "real pictures with a generated one among their nearest neighbours"),
    "mass": Column("share", "generated pictures that are read as one of the classes or cells"),
}

NAMES = tuple(_KNOWN)

_BY_HAND = {"low": "least", "high": "largest"}


def column(name: str) -> Column:
    """Of a column by its name in the curves; of compared games their number stands in front: `0/loss_d`.

    >>> column("jsd_average")
    Column(unit='nats', meaning='Jensen–Shannon divergence of p_g and p_r; of the averaged G')
    """
    game, _, own = name.rpartition("/")
    own, _, of = own.partition(".")
    found = _KNOWN.get(own.removesuffix(_AVERAGE), Column("", own))
    meaning = found.meaning + ("; of the averaged G" if own.endswith(_AVERAGE) else "")
    if of in _BY_HAND:
        meaning += f"; the {_BY_HAND[of]} of the steps that the row covers"
    return Column(found.unit, meaning + (f"; of game {game}" if game else ""))


def is_known(name: str) -> bool:
    return name.removesuffix(_AVERAGE) in _KNOWN
