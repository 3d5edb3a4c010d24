"""Rules about updates: did one happen, and did it do anything (RT1xx)?"""

from ..findings import Rule, Severity, State

_FATAL, _WARNING = Severity.FATAL, Severity.WARNING
_STALLED, _FROZEN, _SUSPICIOUS = State.STALLED, State.FROZEN, State.SUSPICIOUS

# A rule is five lines: what it is, symptom, cause, next move.
# fmt: off
ZERO_RATE = Rule(
    "RT101", "zero-learning-rate", _FATAL, _STALLED, "A2",
    "Weights do not move in the first updates or epochs; rates print as 0.",
    "The schedule is zero where it is used, typically step / warmup at step 0, and stays there for whole epochs.",
    "Use (update + 1) / warmup, and step the schedule once per update.",
)
NO_UPDATE = Rule(
    "RT102", "no-update", _FATAL, _STALLED, "A1",
    "Losses and gradients look fine, the validation value never changes.",
    "Nothing moved the weights: backward() or optimizer.step() is never called, or a condition keeps it from it.",
    "Call step for any finite, non-zero gradient; log every skip with its reason.",
)
DISCARDED = Rule(
    "RT103", "gradients-discarded", _WARNING, _STALLED, "A1",
    "Fewer updates than backward passes; training is slower than it should be.",
    "Gradients were computed and cleared again without a step in between, for most of the windows.",
    "Look at the condition around optimizer.step(); a head that is masked in a batch may have no gradient at all.",
)
LOW_RATE = Rule(
    "RT104", "rate-below-target", _WARNING, _STALLED, "A3",
    "The rate stays a small fraction of the configured one for the whole run.",
    "The warm-up is longer than the run, or the floor of the schedule is far too low.",
    "Choose the warm-up as a share of the planned updates (3-10 %), and print the planned mean rate.",
)
SCHEDULE_UNIT = Rule(
    "RT105", "schedule-unit", _WARNING, _SUSPICIOUS, "A4",
    "The run ends near its peak rate, or the rate is used up within the first epoch.",
    "The schedule counts batches and is stepped per epoch, or the reverse.",
    "Give the schedule its length in the unit in which step() is called.",
)
TICK_WITHOUT_UPDATE = Rule(
    "RT106", "tick-without-update", _WARNING, _SUSPICIOUS, "A5",
    "The rate drifts away from the number of updates.",
    "scheduler.step() is called although the optimiser's step was skipped, or before the first one.",
    "Tick the schedule only after an applied update.",
)
BATCH_WITHOUT_BACKWARD = Rule(
    "RT107", "batches-without-backward", _FATAL, _STALLED, "A6",
    "Reported train loss is about 1/batches of a plausible one; one update per epoch.",
    "loss, backward and step stand outside the batch loop, so only the last batch counts.",
    "Indent them into the loop; updates per epoch must be ceil(batches / accumulation).",
)
REPORTED_LOSS = Rule(
    "RT108", "reported-loss-wrong", _WARNING, _SUSPICIOUS, "A6, A7",
    "The epoch's train loss is far below, or a round factor off, the losses of its batches.",
    "The running loss is summed only where a step is taken, or divided by a count of something else.",
    "Add every batch's loss, and divide by the number of batches added.",
)
WINDOW_DROPPED = Rule(
    "RT109", "window-dropped", _WARNING, _SUSPICIOUS, "A8",
    "One update fewer per epoch than expected.",
    "The last, incomplete accumulation window of an epoch was cleared without a step.",
    "Step also on the last batch, with the gradient divided by the true window length.",
)
ACCUMULATION_SCALE = Rule(
    "RT110", "accumulation-scale", _FATAL, _SUSPICIOUS, "A8, A9",
    "Training behaves as if the learning rate were another one when accumulation changes.",
    "The loss is divided by the accumulation twice or never, or unequal microbatches are averaged as equal.",
    "Weight each microbatch by its share of the samples; k microbatches must equal one large batch.",
)
CLEARED_EARLY = Rule(
    "RT111", "cleared-before-step", _FATAL, _STALLED, "A10",
    "Backward gives gradients, the step sees none.",
    "Gradients are cleared, or multiplied by zero, between backward() and step().",
    "Clear the gradients before backward or after step.",
)
NEVER_CLEARED = Rule(
    "RT112", "never-cleared", _FATAL, _SUSPICIOUS, "A10",
    "Gradient norms grow from update to update; the loss oscillates.",
    "zero_grad() is missing: every step uses the sum of all gradients so far.",
    "Call optimizer.zero_grad() once per update.",
)
SCALER_SKIPS = Rule(
    "RT113", "scaler-skips", _FATAL, _STALLED, "A11",
    "The loop counts steps, and the weights do not move under mixed precision.",
    "The gradient scaler found inf or NaN and skipped the optimiser's step without a word.",
    "Find the first non-finite module (preset trace), and compute its loss in float32.",
)
SANITISED = Rule(
    "RT114", "sanitised-gradients", _FATAL, _STALLED, "A12",
    "Finite gradient norms, and only part of the model learns, or nothing.",
    "Non-finite gradients were replaced by numbers (nan_to_num or a mask) before the step.",
    "Remove the replacement, and mend the operation whose gradient is not finite.",
)
NOT_OWNED = Rule(
    "RT115", "not-in-optimiser", _WARNING, _FROZEN, "A13",
    "Some layers never move.",
    "Trainable parameters are in no group of the optimiser, which may hold those of another model.",
    "Pass all parameters of the model in the loss, or set requires_grad = False, or declare frozen=.",
)
FOREIGN = Rule(
    "RT116", "optimiser-of-another-model", _FATAL, _FROZEN, "A13",
    "The optimiser steps and the model does not move.",
    "The optimiser holds parameters that the model does not: built on another model, or layers were replaced since.",
    "Build the optimiser after the model is complete and on its device.",
)
WRONG_GROUP = Rule(
    "RT117", "wrong-group", _FATAL, _SUSPICIOUS, "A14",
    "Part of the model learns at another module's rate.",
    "A parameter was put in its group by a match on part of its name.",
    "Build groups from modules by identity, and compare them with the declared rates.",
)
FROZEN_MOVED = Rule(
    "RT118", "frozen-moved", _WARNING, _SUSPICIOUS, "A15",
    "A layer that should be frozen drifts.",
    "Weight decay, momentum or BatchNorm statistics move what was declared frozen.",
    "Remove its parameters from the optimiser and put its modules in eval mode.",
)
STATIC_MODULE = Rule(
    "RT119", "static-module", _WARNING, _FROZEN, "A15",
    "A layer keeps its initial values.",
    "The module runs in every batch and its gradient is exactly zero at every observed update.",
    "Follow its output to the loss: a mask, a dead activation or a zero weight lies between.",
)
REPLACED = Rule(
    "RT120", "weights-replaced", _WARNING, _SUSPICIOUS, "A16",
    "Progress is lost at the start of an epoch, or validation is of other weights.",
    "Something wrote other values into the weights: averaged ones swapped in and left, or a copy loaded the wrong way.",
    "Swap averaged weights in a context manager that restores the live ones; look at each load_state_dict and copy_.",
)
GRAPH_CUT = Rule(
    "RT121", "graph-cut", _FATAL, _STALLED, "A17",
    "Loss constant, or an error in backward that was caught.",
    "No gradient comes from the loss: detach, item, no_grad, data, numpy or argmax cut the graph.",
    "Compute the loss from the model's outputs with differentiable operations only.",
)
NO_GRADIENT = Rule(
    "RT122", "no-gradient", _WARNING, _FROZEN, "A17, A18",
    "Part of the model has no gradient, and still produces the answer.",
    "The module ran, and no loss term depends on it: its output feeds nothing, or the graph is cut behind it.",
    "Add the term that trains it, remove the cut, or declare it frozen.",
)
ZERO_GRADIENT = Rule(
    "RT123", "zero-gradient", _FATAL, _STALLED, "A1, A17",
    "Steps are taken, nothing is learned; weight decay may still move the weights.",
    "Every gradient is exactly zero, in all observed updates or from one of them on.",
    "Look for a saturated or clamped output, a zero loss weight, or a mask that removes everything.",
)
NO_MOTION = Rule(
    "RT124", "no-motion", _FATAL, _STALLED, "A2, A11, A19",
    "The optimiser's step is called, and the weights stay bit by bit the same.",
    "The update is rounded away, skipped inside the optimiser, or applied to a copy.",
    "Compare rate times gradient with the spacing of the weights' number type; keep master weights in float32.",
)
BELOW_ROUNDING = Rule(
    "RT125", "motion-below-rounding", _WARNING, _STALLED, "A19",
    "Weights move by less than 1e-7 of their size per update, or in half precision mostly not at all.",
    "The clip norm or the rate is so small for the weights' number type that updates vanish in rounding.",
    "Compare the gradient norm before and after clipping, and keep weights in float32 under autocast; a healthy update "
    "is 1e-4 to 1e-2 of the weights.",
)
VANISHING = Rule(
    "RT126", "vanishing-gradient", _WARNING, _FROZEN, "A20",
    "Early layers barely learn.",
    "Gradients shrink from layer to layer: saturating activations, or too small an initialisation.",
    "Use residual paths, normalisation, or ReLU-like activations with their initialisation.",
)
EXPLODING = Rule(
    "RT127", "exploding-gradient", _WARNING, State.DIVERGED, "A20",
    "Gradient norms jump by orders of magnitude.",
    "Gradients grow through depth or time.",
    "Normalise, lower the rate, or clip the norm.",
)
REPLICAS_APART = Rule(
    "RT128", "replicas-apart", _FATAL, _SUSPICIOUS, "A21",
    "Ranks report different losses, or hang.",
    "One rank skipped an update or wrote its weights alone.",
    "Decide every skip by an all-reduce, and broadcast weights after loading.",
)
ZERO_GROUP_RATE = Rule(
    "RT129", "group-at-rate-zero", _WARNING, _FROZEN, "A2, A14",
    "One group of parameters does not move.",
    "The rate of one group is zero while others are not.",
    "Give the group a rate, or declare its modules frozen.",
)
TOO_LARGE = Rule(
    "RT130", "update-too-large", _WARNING, State.DIVERGED, "A19",
    "The loss jumps or settles on a plateau right after the start.",
    "One update changes the weights by half their size or more: the rate is too high.",
    "Lower the rate by 10 to 100 times.",
)
UNHELD = Rule(
    "RT131", "unknown-parameters", _WARNING, _FROZEN, "A13",
    "Part of the network never learns, and does not appear in model.parameters().",
    "The loss depends on parameters of neither the model nor an optimiser: layers in a list, or built in forward.",
    "Register layers in __init__, in nn.ModuleList or nn.ModuleDict.",
)
FROZEN_UNDECLARED = Rule(
    "RT132", "frozen-undeclared", Severity.NOTE, _FROZEN, "A15",
    "Some layers keep their initial values.",
    "Parameters have requires_grad = False and nobody declared them frozen.",
    "Declare Plan(frozen=...) if it is meant; set requires_grad = True if not.",
)
SAME_WEIGHTS = Rule(
    "RT133", "constant-initialisation", _WARNING, _FROZEN, "A15, C7",
    "A wide layer learns no more than a single unit would.",
    "All entries of a weight matrix are equal, so all its units get the same gradient and stay equal.",
    "Initialise weights at random.",
)
EVAL_TRAINING = Rule(
    "RT134", "trained-in-eval-mode", _WARNING, _SUSPICIOUS, "A15",
    "Dropout has no effect, BatchNorm statistics stay at their start.",
    "Backward passes run while the model is in eval mode, typically since the first validation.",
    "Call model.train() before every training epoch.",
)
MODULE_STILL = Rule(
    "RT135", "module-not-moving", _WARNING, _FROZEN, "A14, A15, A19",
    "One part of the model keeps its values while others learn.",
    "Its updates are below the rounding of its weights, or something puts the old weights back after each.",
    "Compare its group's rate with the others'; look for a copy_ or load_state_dict inside the loop; declare it frozen "
    "if it is meant.",
)
NEVER_CALLED = Rule(
    "RT139", "never-called", _WARNING, _FROZEN, "A18",
    "A layer keeps its first weights to the last bit.",
    "It was made, the optimiser holds it, and no forward pass calls it.",
    "Call it in forward, or take it out of the model and the optimiser.",
)
REBUILT = Rule(
    "RT140", "optimiser-rebuilt", _WARNING, _SUSPICIOUS, "A13",
    "Training is slow or noisy although the optimiser has momentum.",
    "A new optimiser is made for every update, so that it forgets its moments.",
    "Build the optimiser once, before the loop.",
)
NEVER_TICKED = Rule(
    "RT141", "schedule-stands-still", _WARNING, _SUSPICIOUS, "A4",
    "The rate stays where it was at the start.",
    "A schedule was made, and its step() is never called.",
    "Call scheduler.step() once per update or per epoch, as its length is counted.",
)
SWOLLEN = Rule(
    "RT142", "moments-swollen", _WARNING, _STALLED, "A19, A20",
    "The loss stands still from one update on, at the same rate and the same gradients.",
    "One huge gradient filled the optimiser's second moment, which divides all later updates.",
    "Clip the gradient norm, and look at the batch of that update; restart from a checkpoint before it.",
)
DECAY = Rule(
    "RT143", "decay-eats-weights", _WARNING, _SUSPICIOUS, "A15, A19",
    "Weights shrink towards zero and the answer towards a constant.",
    "Rate times weight decay takes a large share off all weights in every update.",
    "Lower the weight decay: rate times decay is 1e-6 to 1e-3 in most trainings.",
)
