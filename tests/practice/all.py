"""Every experiment, in the order in which `make practice` runs them."""

from . import head_sampling, late_spans, sampler_restart, tail_memory, tail_sampling, true_picture, two_tier
from .experiment import Experiment

EXPERIMENTS: list[Experiment] = []
EXPERIMENTS += [each.EXPERIMENT for each in (head_sampling, true_picture)]
EXPERIMENTS += [
    each.EXPERIMENT for each in (tail_sampling, tail_memory, two_tier, late_spans, sampler_restart)
]
