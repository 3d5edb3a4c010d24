"""Rules about curves: what the values of a run say over its steps and epochs (RT25x, and RT16x for updates)."""

from ..findings import Rule, Severity, State

_FATAL, _WARNING = Severity.FATAL, Severity.WARNING
_STALLED, _DIVERGED, _SUSPICIOUS = State.STALLED, State.DIVERGED, State.SUSPICIOUS

# A rule is five lines: what it is, symptom, cause, next move.
# fmt: off
SCALE_AT_FLOOR = Rule(
    "RT160", "loss-scale-at-floor", _FATAL, _DIVERGED, "A11, C1",
    "The loss scale is halved again and again until its floor.",
    "Gradients overflow at any scale: the weights or the activations have left the range of half precision.",
    "Go back to a checkpoint before the first overflow; lower the rate, clip the norm, or train in bfloat16.",
)
COLLAPSED = Rule(
    "RT250", "loss-collapsed-to-zero", _FATAL, _DIVERGED, "B8, C1",
    "The train loss drops to exactly 0.0 in mid-run and stays there; evaluation is NaN.",
    "The loss is NaN: trainers that filter NaN out of their running sum print 0. The fault is in training, not in the "
    "evaluation.",
    "Go back to the last checkpoint before the drop, and find what overflows there (float16 activations, the rate).",
)
FLAT = Rule(
    "RT251", "flat-loss", _WARNING, _STALLED, "A3, A17",
    "The train loss stays at its first level for the whole run.",
    "The weights hardly move, the gradient does not reach them, or the rate is far too low or too high.",
    "Learn one batch by heart; look at the gradient norm and at the size of an update.",
)
RISING = Rule(
    "RT253", "loss-rises", _WARNING, _DIVERGED, "A20, B6",
    "The train loss rises from beginning to end.",
    "The rate is too high, or the sign of the loss is wrong.",
    "Lower the rate by 10 times; check that the loss is minimised.",
)
METRIC_COLLAPSED = Rule(
    "RT254", "metric-collapsed", _WARNING, _SUSPICIOUS, "A20, C7",
    "A metric that was good falls to a fraction of its best value and stays there.",
    "The weights were thrown far away by one update, or replaced.",
    "Look at the loss and the gradient norm where it falls; go back to the checkpoint before.",
)
VALUE_NOT_FINITE = Rule(
    "RT255", "value-not-finite", _WARNING, _DIVERGED, "C1",
    "A printed value becomes NaN or inf and stays so.",
    "A number left the range.",
    "Find where the value is computed, and which of its inputs is not finite.",
)
NO_BOUND = Rule(
    "RT256", "loss-without-bound", _WARNING, _SUSPICIOUS, "B6",
    "The loss is negative and falls faster and faster.",
    "What is minimised has no lower bound: a loss of the wrong sign, or a term that can be driven to minus infinity.",
    "Check the sign of every term.",
)
UNLIKE_BASELINE = Rule(
    "RT257", "unlike-the-baseline", _WARNING, _SUSPICIOUS, "A4, B7",
    "A series of the run differs from that of a sound run by more than the sound one scatters.",
    "Something was changed between the two: data, rates, code, versions, or the seed of an unstable training.",
    "Look where the two part first, and undo the changes one by one.",
)
