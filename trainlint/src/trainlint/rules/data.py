"""Rules about numbers, data, files and runs: are these the values, samples and results you mean (RT3xx to RT5xx)?"""

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
LOST_WEIGHTS = Rule(
    "RT312", "weights-not-finite", _FATAL, _DIVERGED, "C1",
    "The model answers NaN, and no loss that was printed is.",
    "A gradient that is NaN or inf, or too large an update, went into the weights; a guard then skips each loss.",
    "Guard the step by its gradient norm, not by the loss; look for sqrt, norm, log or a division at 0.",
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
    "The loader yields no batch: drop_last with a batch larger than the set, an empty split, or a used-up iterator.",
    "Lower the batch size, turn drop_last off, or make the iterator anew.",
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
DIED = Rule(
    "RT501", "died-without-record", _WARNING, _SUSPICIOUS, "D8",
    "The last run left a ledger without an end.",
    "The process was killed, most often for memory.",
    "Run the preflight with the same configuration; compare its memory estimate with what is free.",
)
CHECKPOINT = Rule(
    "RT502", "checkpoint-differs", _FATAL, _SUSPICIOUS, "E1",
    "A loaded model predicts something else, or does not load.",
    "Keys are missing or left over (wrapped and bare names mixed), and strict=False hides it.",
    "Save the bare module, load strictly, and compare predictions bit by bit.",
)
NOT_EVALUATED = Rule(
    "RT503", "saved-not-evaluated", _FATAL, _SUSPICIOUS, "E2",
    "Re-scoring the best file gives another value.",
    "The saved weights are not those that were evaluated (averaged against live ones).",
    "Save what was scored, and re-score after saving.",
)
RESUME = Rule(
    "RT504", "resume-incomplete", _FATAL, _SUSPICIOUS, "E3",
    "The loss jumps after a restart.",
    "Part of the state was not stored: optimiser, schedule, scaler, random streams or data position.",
    "Store all of it; a resumed run must equal an uninterrupted one.",
)
NO_BEST = Rule(
    "RT505", "best-never-set", _WARNING, _SUSPICIOUS, "E4",
    "The run returns inf and leaves no best file.",
    "The best value is compared with NaN, in the wrong direction, or never updated.",
    "After the first epoch the best value must be finite and its file must exist.",
)
SEARCH = Rule(
    "RT506", "search-blind", _WARNING, _SUSPICIOUS, "E5",
    "Nothing is pruned, the search is flat.",
    "The pruner gets no report, two values mean the same model, or a searched knob cannot change the objective.",
    "Report every epoch; compare parameter counts and objectives over the values of each knob.",
)
HIDDEN_FAILURE = Rule(
    "RT507", "failure-hidden", _WARNING, _SUSPICIOUS, "E6",
    "A metric is the same round number for many samples, or equal to the loss.",
    "A failed estimate was replaced by a penalty, or a failed metric by the loss.",
    "Report coverage beside the error, and count failures.",
)
ANOTHER_RUN = Rule(
    "RT508", "another-run", _FATAL, _SUSPICIOUS, "E7",
    "The diagnosis does not fit what you see.",
    "The log belongs to another run: other code, configuration or data.",
    "Compare the identity in the ledger's first record.",
)
STOPPED = Rule(
    "RT509", "stopped-by-an-error", _WARNING, State.STOPPED, "A1, A11",
    "The run ended before its last epoch.",
    "The loop raised the error that is quoted.",
    "Mend what it names, and resume from the newest checkpoint.",
)
