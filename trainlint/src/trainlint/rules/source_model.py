"""Rules about the source of models, losses, evaluation and data: what stands there (RT63x to RT66x)?"""

from ..findings import Rule, Severity, State

_WARNING, _NOTE = Severity.WARNING, Severity.NOTE
_STALLED, _FROZEN, _DIVERGED, _SUSPICIOUS = State.STALLED, State.FROZEN, State.DIVERGED, State.SUSPICIOUS

# A rule is five lines: what it is, symptom, cause, next move.
# fmt: off
CUT = Rule(
    "RT630", "gradient-cut-in-source", _WARNING, _FROZEN, "A17",
    "A part of the network never learns, or the loss stays constant.",
    "Every way from this part to the loss passes through something that lets no gradient back.",
    "Take the detach, the number, the argmax or the no_grad out of the way from the weights to the loss.",
)
UNUSED_LAYER = Rule(
    "RT631", "layer-never-used", _WARNING, _FROZEN, "A18",
    "Parameters without a gradient; a layer that was meant to act does not.",
    "A layer is made in `__init__`, and no line of the class uses it.",
    "Use it in `forward`, or remove it.",
)
IN_A_LIST = Rule(
    "RT632", "layers-in-a-list", _WARNING, _FROZEN, "A13",
    "The layers are not in `parameters()`: they keep their first weights, and stay on the CPU.",
    "Layers are kept in a plain list or dictionary, which hides them from the module.",
    "Use `nn.ModuleList` or `nn.ModuleDict`.",
)
ALWAYS_DROPPED = Rule(
    "RT633", "dropout-always-on", _WARNING, _SUSPICIOUS, "B7",
    "Validation is noisy and worse than it should be; two passes over one input differ.",
    "Dropout is on in evaluation too: `F.dropout` without `training=self.training`, or a layer made in `forward`.",
    "Pass `training=self.training`, or make an `nn.Dropout` in `__init__`.",
)
MADE_IN_FORWARD = Rule(
    "RT634", "layer-made-in-forward", _WARNING, _FROZEN, "A13",
    "A part of the network has new random weights in every pass.",
    "A layer with weights is made where it is used, in `forward` or in the loop.",
    "Make it in `__init__`.",
)
UNREGISTERED = Rule(
    "RT635", "parameter-not-registered", _WARNING, _FROZEN, "A13",
    "A weight is not in `parameters()` and never moves.",
    "An attribute is a tensor that needs a gradient, and no `nn.Parameter`: moving one makes a tensor of it.",
    "Write `self.weight = nn.Parameter(...)` around the finished value.",
)
NO_LOSS = Rule(
    "RT636", "module-feeds-no-loss", _WARNING, _FROZEN, "A18",
    "A head is computed and never learns.",
    "The module is called in the training pass, and its result reaches no loss on which backward is called.",
    "Add its loss term, or take it out of the optimiser.",
)
CONSTANT_START = Rule(
    "RT637", "weights-start-constant", _WARNING, _STALLED, "A20, C7",
    "All units of a layer stay equal, or no gradient passes.",
    "Every weight matrix of the model is filled with one constant.",
    "Draw the weights; only biases and last layers may start at zero.",
)
NEGATED = Rule(
    "RT640", "loss-negated", _WARNING, _DIVERGED, "B6",
    "The loss is negative and falls without end while the model becomes worse.",
    "A loss with a floor, or the error in a quantile loss, has the wrong sign.",
    "Turn the sign.",
)
SUMMED = Rule(
    "RT641", "loss-summed", _WARNING, _SUSPICIOUS, "A9",
    "The effective learning rate grows with the batch size.",
    "The loss is summed over the batch and not divided by anything before backward.",
    "Use the mean, or divide by the number of items.",
)
ACTIVATED = Rule(
    "RT642", "activation-before-loss", _WARNING, _STALLED, "B11",
    "Learning is slow and the loss keeps a floor above zero.",
    "The loss applies its own softmax or sigmoid to values that have had one, or to values cut off at zero.",
    "Hand the loss the raw output; apply the activation only for reading it.",
)
NO_PROBABILITY = Rule(
    "RT643", "loss-expects-otherwise", _WARNING, _SUSPICIOUS, "B11",
    "The loss is negative, unbounded or not a number.",
    "The loss expects logarithms of probabilities, or probabilities, and is given raw values or the reverse.",
    "Add the log_softmax or sigmoid that the loss expects, or use the loss on logits.",
)
BROADCAST = Rule(
    "RT644", "shapes-that-broadcast", _WARNING, _STALLED, "B10",
    "The loss stays at the variance of the labels.",
    "Output and target have shapes such as (B, 1) and (B,), and every output is compared with every target.",
    "Give both the same shape, with `squeeze(1)` or `unsqueeze(1)`.",
)
SWAPPED = Rule(
    "RT645", "arguments-swapped", _WARNING, _SUSPICIOUS, "B1",
    "An error about types, or a loss that means nothing.",
    "The target stands first and the output second.",
    "Call the loss as `criterion(output, target)`.",
)
WEIGHT_ZERO = Rule(
    "RT646", "term-times-zero", _WARNING, _STALLED, "B2, B3",
    "A loss or a term is exactly zero from the first step.",
    "A term of the loss is multiplied by a constant zero.",
    "Give it its weight, or remove it.",
)
KEPT_GRAPH = Rule(
    "RT647", "loss-kept-with-graph", _NOTE, _SUSPICIOUS, "D8",
    "Memory grows from batch to batch.",
    "Losses are added up or collected as tensors, and each holds the graph of its batch.",
    "Add `loss.item()`, or detach first.",
)
OVER_BATCH = Rule(
    "RT648", "over-the-batch", _WARNING, _SUSPICIOUS, "B11",
    "Probabilities sum to one over the batch; the accuracy is that of chance.",
    "A softmax or argmax runs over dimension 0, which is the batch.",
    "Use `dim=1` or `dim=-1`.",
)
WITH_GRADIENTS = Rule(
    "RT650", "evaluated-with-gradients", _WARNING, _SUSPICIOUS, "B7",
    "Evaluation takes more memory and time than it should.",
    "A pass over evaluation data builds a graph that nobody uses.",
    "Put the loop under `torch.no_grad()` or `torch.inference_mode()`.",
)
IN_TRAIN_MODE = Rule(
    "RT651", "evaluated-in-train-mode", _WARNING, _SUSPICIOUS, "B7",
    "Validation is noisy, and batch statistics of validation data enter the model.",
    "Dropout or batch normalisation is in the model, and no `eval()` stands before its evaluation.",
    "Call `model.eval()` before evaluating, and `model.train()` before the next epoch.",
)
NOT_RESTORED = Rule(
    "RT652", "train-mode-not-restored", _WARNING, _SUSPICIOUS, "B7",
    "From the second epoch on, dropout is off and batch statistics stand still.",
    "Evaluation calls `eval()`, and no `train()` follows before the next epoch trains.",
    "Call `model.train()` at the start of each epoch.",
)
IN_ORDER = Rule(
    "RT653", "train-data-in-order", _WARNING, _SUSPICIOUS, "D7",
    "The loss moves in waves, or each batch has one class.",
    "The loader of the training data does not shuffle and has no sampler.",
    "Pass `shuffle=True`.",
)
SAME_DATA = Rule(
    "RT654", "validated-on-training-data", _WARNING, _SUSPICIOUS, "D1",
    "Validation agrees with training to the end, and a real test does not.",
    "What is called validation or test is what is trained on, or nobody reads it.",
    "Hold data out: another split, or `train=False`.",
)
SHUFFLED_APART = Rule(
    "RT655", "labels-shuffled-apart", _WARNING, _STALLED, "D5",
    "No better than guessing, whatever the model.",
    "Inputs and labels are shuffled by two draws that know nothing of each other.",
    "Draw one permutation and index both with it.",
)
ALIASED = Rule(
    "RT656", "best-weights-not-copied", _WARNING, _SUSPICIOUS, "E2",
    "The restored weights are those of the last update, or the distance from older ones is always zero.",
    "`state_dict()`, `p.data` and `p.detach()` refer to the live weights; what was kept goes on changing.",
    "Keep `copy.deepcopy(model.state_dict())` or `p.detach().clone()`, or save it to a file.",
)
BEST_STUCK = Rule(
    "RT657", "best-value-not-updated", _WARNING, _SUSPICIOUS, "E4",
    "The checkpoint called best is overwritten in each epoch.",
    "A value is compared with the best so far, and the best is never assigned.",
    "Assign the new best where it is found.",
)
ONE_BATCH = Rule(
    "RT658", "one-batch-only", _WARNING, _SUSPICIOUS, "D7",
    "Each epoch trains on one batch.",
    "The batch loop always ends after its first batch, or the loader begins anew in each round.",
    "Go on with the loop: `for batch in loader`.",
)
RESEEDED = Rule(
    "RT659", "seeded-in-the-loop", _WARNING, _SUSPICIOUS, "D7",
    "Each epoch or worker sees the same order, noise and dropout.",
    "A constant seed is set again in the loop or in each worker, or each worker copies one generator.",
    "Set the seed once, before the loop; in a worker take `torch.initial_seed()`.",
)
NO_BATCHES = Rule(
    "RT660", "loader-without-batches", _WARNING, _STALLED, "D7",
    "An epoch takes no time, and nothing is learned.",
    "The data set is smaller than one batch, and `drop_last` drops it.",
    "Use a smaller batch, or leave `drop_last` out.",
)
WRONG_COUNT = Rule(
    "RT661", "loss-divided-by-another-count", _WARNING, _SUSPICIOUS, "A7",
    "The reported loss is off by about the batch size, or too good where much is padding.",
    "Sums over items are divided by the number of batches, or the reverse, or padding is counted among the labels.",
    "Divide by the number of what was added; give padding the `ignore_index`.",
)
OTHER_BATCH = Rule(
    "RT662", "output-of-another-batch", _WARNING, _STALLED, "D5",
    "No better than guessing.",
    "The output in the loss was computed from another draw of the loader than the labels beside it.",
    "Compute the output from the batch of the loop.",
)
ONE_LABEL = Rule(
    "RT664", "one-label-for-all", _WARNING, _STALLED, "D4, D5",
    "The loss falls to zero, and the model answers the same for every input.",
    "The labels of the batch are replaced by zeros or ones before the loss.",
    "Hand the labels of the batch to the loss.",
)
RESET = Rule(
    "RT665", "reset-in-the-loop", _WARNING, _STALLED, "A13, A15",
    "The loss starts anew again and again.",
    "Weights are initialised anew in the training loop, and the optimiser stays the same.",
    "Initialise before the loop; for each fold make a model and an optimiser of its own.",
)
IN_DEGREES = Rule(
    "RT666", "angle-in-degrees", _WARNING, _SUSPICIOUS, "D3",
    "The loss stays near that of a guess, or the angle is off everywhere.",
    "An angle whose name says degrees goes into a sine, cosine or tangent, which read radians.",
    "Put `torch.deg2rad` around it.",
)
ANSWER_GIVEN = Rule(
    "RT667", "answer-among-the-inputs", _WARNING, _SUSPICIOUS, "D6",
    "Far better than anybody expects, in validation too, and useless on new data.",
    "A column of a table is the target, and the input is the table with this column.",
    "Take the column out of the input.",
)
RESUMED = Rule(
    "RT668", "resumed-without-optimiser", _WARNING, _SUSPICIOUS, "E3",
    "The loss jumps where a run is resumed.",
    "The loop goes on at the epoch of the checkpoint, and the optimiser starts without its moments.",
    "Save `optimizer.state_dict()`, with those of schedule and scaler, and load them.",
)
UNREAD = Rule(
    "RT669", "setting-not-read", _WARNING, _SUSPICIOUS, "E5, B12",
    "A setting has no effect: every value gives the same.",
    "An argument of the model, the ends of episodes or adapted weights are made ready and never read.",
    "Use it, or remove it.",
)
FAILURE_REPLACED = Rule(
    "RT670", "failure-answered-by-a-number", _WARNING, _SUSPICIOUS, "E6",
    "A score that does not move, or that is of the size of a loss.",
    "Any exception of the score is caught, and another number takes its place in silence.",
    "Catch the exception that is meant, and count or print the failures.",
)
DEFAULTS_WIN = Rule(
    "RT671", "defaults-win", _WARNING, _SUSPICIOUS, "B12, B2",
    "What was tuned or asked for has no effect.",
    "Two mappings are put together, and the defaults come last.",
    "Put the defaults first: `{**defaults, **chosen}`.",
)
OUTPUT_LEFT_OUT = Rule(
    "RT672", "output-without-a-loss", _WARNING, _SUSPICIOUS, "B9, A18",
    "The loss falls, and a metric over all outputs does not.",
    "The losses take some columns of the last layer's output and never the others.",
    "Put every output into the loss, or make the layer as narrow as what is used.",
)
SWAPPED_IN = Rule(
    "RT663", "averaged-weights-left-in", _WARNING, _SUSPICIOUS, "A16",
    "After each evaluation training goes on from the averaged weights.",
    "Averaged weights are copied into the model in the loop, and nothing puts the trained ones back.",
    "Call `restore` after the evaluation, or evaluate a copy.",
)
