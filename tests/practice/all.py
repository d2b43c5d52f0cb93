"""Every experiment, in the order in which `make practice` runs them."""

from . import (
    attributes,
    baggage,
    cardinality,
    correlation,
    head_sampling,
    late_spans,
    privacy,
    retention,
    sampler_restart,
    tail_memory,
    tail_sampling,
    true_picture,
    two_tier,
)
from .experiment import Experiment

SAMPLING = (head_sampling, true_picture, tail_sampling, tail_memory, two_tier, late_spans, sampler_restart)
EXPERIMENTS: list[Experiment] = [each.EXPERIMENT for each in SAMPLING]
EXPERIMENTS += baggage.EXPERIMENTS + attributes.EXPERIMENTS
EXPERIMENTS += cardinality.EXPERIMENTS + retention.EXPERIMENTS + correlation.EXPERIMENTS
EXPERIMENTS += [privacy.EXPERIMENT]
