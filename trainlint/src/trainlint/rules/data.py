"""Rules about data: are these the samples and labels you mean (RT4xx)?"""

from ..findings import Rule, Severity, State

_FATAL, _WARNING, _SUSPICIOUS = Severity.FATAL, Severity.WARNING, State.SUSPICIOUS

# A rule is five lines: what it is, symptom, cause, next move.
# fmt: off
OVERLAP = Rule(
    "RT401", "splits-overlap", _FATAL, _SUSPICIOUS, "D1",
    "All metrics are too good.",
    "Samples of one split are bit by bit those of another, typically by overlapping seeds.",
    "Draw each split from its own named random stream.",
)
DIFFERENT = Rule(
    "RT402", "different-data", _WARNING, _SUSPICIOUS, "D2",
    "A test that should reach zero never does.",
    "Two sets that should be the same differ.",
    "Compare content hashes before comparing losses.",
)
RANGE = Rule(
    "RT403", "label-range", _FATAL, _SUSPICIOUS, "D3",
    "Labels lie outside their range.",
    "Degrees where radians are meant, a full width used as a half width, or axes swapped.",
    "Convert once, at the edge; check the ranges of what is stored.",
)
DEAD_FIELD = Rule(
    "RT404", "field-dead", _FATAL, _SUSPICIOUS, "D4",
    "A field has no influence.",
    "The field is missing, all zero, or the same for every sample.",
    "Check the writer, and the schema version of the file.",
)
ORDER = Rule(
    "RT405", "order-matters", _FATAL, _SUSPICIOUS, "D5",
    "Errors are large, although each prediction lies near one of the labels.",
    "Loss or metric compares slots by index, and the order of the slots has no meaning.",
    "Match before comparing; a permutation of the labels must not change the value.",
)
LEAK = Rule(
    "RT406", "label-leak", _FATAL, _SUSPICIOUS, "D6",
    "Results are too good.",
    "A label is among the inputs.",
    "Give inputs and labels different types, and remove the column.",
)
EMPTY = Rule(
    "RT407", "loader-empty", _FATAL, State.STALLED, "D7",
    "An epoch takes no time.",
    "The loader yields no batch: drop_last with a batch larger than the set, or an empty split.",
    "Lower the batch size, or turn drop_last off.",
)
REPEATED = Rule(
    "RT408", "repeated-batches", _WARNING, _SUSPICIOUS, "D7",
    "The loss repeats; validation is worse than it should be.",
    "The same batch comes several times in an epoch: every worker draws the same random numbers.",
    "Seed each worker from its own stream.",
)
FIXED_ORDER = Rule(
    "RT409", "fixed-order", Severity.NOTE, _SUSPICIOUS, "D7",
    "Every epoch shows the batches in the same order.",
    "Shuffling is off.",
    "Turn it on, unless the order carries meaning.",
)
MEMORY = Rule(
    "RT410", "memory-over-budget", _FATAL, _SUSPICIOUS, "D8",
    "The process is killed (exit 137) before it says anything.",
    "Parameters, gradients, optimiser state, activations and staged data need more memory than is free.",
    "Stream the data, lower the batch, or accumulate.",
)
ONE_LABEL = Rule(
    "RT411", "one-label-per-batch", _WARNING, _SUSPICIOUS, "D7",
    "The loss falls within a batch's class and jumps at the next.",
    "Batches hold a single class each: the set is sorted and not shuffled.",
    "Shuffle the training set.",
)
STRANGERS = Rule(
    "RT412", "labels-of-other-inputs", _FATAL, _SUSPICIOUS, "D5",
    "The loss falls to that of a constant answer and stays there.",
    "Inputs and labels are paired wrongly: one of them was shuffled, sorted or cut alone.",
    "Permute both together; compare a sample's inputs with its own label.",
)
TARGET_SCALE = Rule(
    "RT430", "target-scale", _WARNING, State.STALLED, "C5, D3",
    "The loss is huge and falls by a tiny share.",
    "The targets are in other units than the answers start in: an optimiser that moves each weight by about the rate "
    "needs far more updates to get there.",
    "Subtract the targets' mean and divide by their deviation, and undo that on the predictions.",
)
