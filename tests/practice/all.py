"""Every experiment, in the order in which `make practice` runs them."""

from . import cardinality, correlation, retention
from .experiment import Experiment

EXPERIMENTS: list[Experiment] = []
EXPERIMENTS += cardinality.EXPERIMENTS + retention.EXPERIMENTS + correlation.EXPERIMENTS
