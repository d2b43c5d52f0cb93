"""Every experiment, in the order in which `make practice` runs them."""

from .experiment import Experiment

EXPERIMENTS: list[Experiment] = []
