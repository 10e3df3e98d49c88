"""gandash: see a GAN train, live, with theory drawn over practice."""

__version__ = "0.1.0"
