"""Rules about numbers: precision, range and linear algebra (RT3xx)."""

from ..findings import Rule, Severity, State

_FATAL, _WARNING = Severity.FATAL, Severity.WARNING
_DIVERGED, _SUSPICIOUS, _FROZEN = State.DIVERGED, State.SUSPICIOUS, State.FROZEN

# A rule is five lines: what it is, symptom, cause, next move.
# fmt: off
HALF_LOSS = Rule(
    "RT301", "half-precision-loss", _WARNING, _SUSPICIOUS, "C1",
    "NaN gradients with a finite loss; the loss moves in coarse steps.",
    "The loss is computed in half precision.",
    "Leave autocast before the loss, and convert its inputs to float32.",
)
GRADIENT = Rule(
    "RT302", "gradient-not-finite", _FATAL, _DIVERGED, "C1, C2",
    "NaN gradient tensors with a finite loss.",
    "A backward divides by zero: repeated eigenvalues, sqrt or norm at 0, or an overflow in half precision.",
    "Run with preset trace to name the operation; use a loss that needs no eigenvectors.",
)
ACTIVATION = Rule(
    "RT303", "activation-not-finite", _FATAL, _DIVERGED, "C1",
    "The forward pass gives NaN or inf.",
    "The named module is the first to leave the range; its inputs were finite.",
    "Look at the range of its input, and run it in float32.",
)
DEGENERATE = Rule(
    "RT304", "degenerate-gradient", _FATAL, _DIVERGED, "C2",
    "Training dies at once where inputs are symmetric or rank deficient.",
    "The term has no finite gradient on a degenerate input.",
    "Replace it by a form without eigenvectors, or give it a regularised backward.",
)
INPUT_SCALE = Rule(
    "RT307", "input-scale", _WARNING, _SUSPICIOUS, "C5",
    "Slow, flat training.",
    "Input channels differ by orders of magnitude, are hundreds in size, or lie many deviations away from zero.",
    "Normalise every channel with the training set's statistics.",
)
DEAD = Rule(
    "RT308", "dead-units", _WARNING, _FROZEN, "C5",
    "The loss stops early, and a layer's output is zero.",
    "Nearly all rectified units of a layer are zero for every sample.",
    "Lower the rate, mend the initialisation or the input scale, or use a leaky activation.",
)
SATURATED = Rule(
    "RT309", "saturated-units", _WARNING, _FROZEN, "C5",
    "Training is flat from the start.",
    "Nearly all sigmoid or tanh outputs sit at their limits, where the gradient vanishes.",
    "Normalise inputs, shrink the initialisation, or use another activation.",
)
CLAMP = Rule(
    "RT310", "clamp-zero-gradient", _WARNING, _FROZEN, "C6",
    "Some predictions stick to the edge of their range.",
    "A clamp between output and loss passes no gradient for a good part of the predictions.",
    "Use a smooth bound (sigmoid, softplus), or clamp outside the loss.",
)
COLLAPSE = Rule(
    "RT311", "output-collapse", _WARNING, State.STALLED, "C7",
    "The same answer for every input.",
    "The output does not vary over a batch whose inputs do.",
    "Look for the first module whose output is constant over the batch.",
)
NOT_NUMBERS = Rule(
    "RT330", "batch-not-finite", _FATAL, _DIVERGED, "C1, D4",
    "The loss is NaN, and a batch that went in before held NaN or inf.",
    "The data holds values that are no numbers: an empty cell, or a division or logarithm of zero in preparation.",
    "Look for them with isfinite() in the data set, and mend, fill or drop those samples.",
)
SAME_INPUTS = Rule(
    "RT331", "inputs-constant-over-batch", _WARNING, _SUSPICIOUS, "D4, C7",
    "The answer is the same for all samples of some batches.",
    "All samples of such a batch are equal when they reach the model: a dead reader, a lost transfer, "
    "or a product with zero.",
    "Print a batch as the model gets it; look at what happens to it on its way.",
)
APART = Rule(
    "RT332", "validated-in-other-units", _WARNING, _SUSPICIOUS, "B7, C5",
    "Training looks fine, and validation stays poor or is random.",
    "What the model gets in validation has another scale or offset than what it was trained on.",
    "Send both splits through the same preparation, with the statistics of the training set.",
)
SAME_VIEWS = Rule(
    "RT333", "views-equal", _WARNING, _SUSPICIOUS, "C7, D4",
    "A contrastive loss falls at once, and the features are of no use.",
    "Both views of a sample are the same values: one tensor used twice, an idle augmentation, or one seed.",
    "Draw each view by a call of its own, and print how far the two are apart.",
)
AXES = Rule(
    "RT334", "batch-read-as-time", _WARNING, _SUSPICIOUS, "C7",
    "A sequence model learns no more than its last step tells, or samples influence one another.",
    "The module takes (step, sample, feature), and it is given (sample, step, feature): it runs through the batch.",
    "Make it with batch_first=True, or transpose the first two axes.",
)
