"""Rules about losses and their curves: is the loss the loss, and where does it go (RT2xx, and RT160 of logs)?"""

from ..findings import Rule, Severity, State

_FATAL, _WARNING = Severity.FATAL, Severity.WARNING
_STALLED, _DIVERGED, _SUSPICIOUS = State.STALLED, State.DIVERGED, State.SUSPICIOUS

# A rule is five lines: what it is, symptom, cause, next move.
# fmt: off
NOT_FINITE = Rule(
    "RT201", "loss-not-finite", _FATAL, _DIVERGED, "B8, C1",
    "The loss is NaN or inf.",
    "A number left the range: log or division at zero, overflow, or a rate that is too high.",
    "Run again with preset trace, which names the operation.",
)
DIVERGED = Rule(
    "RT202", "loss-diverged", _WARNING, _DIVERGED, "A20",
    "The loss is many times its first value and stays there.",
    "The rate is too high, or gradients explode.",
    "Lower the rate by 10 times; clip the gradient norm.",
)
ZERO = Rule(
    "RT203", "loss-zero", _FATAL, _STALLED, "B2, A7",
    "The loss prints as 0.000 from the first batch.",
    "The main weight is zero or was not passed, or the batch was masked away.",
    "Print the resolved weights of all terms.",
)
CONSTANT = Rule(
    "RT204", "constant-loss", _FATAL, _STALLED, "A17, B8",
    "The loss is the same number in every batch.",
    "The loss does not depend on the weights or on the batch, or has converged: no step can lower it.",
    "Check the path from the model's output to the loss; look for saturated outputs.",
)
FLOOR = Rule(
    "RT205", "loss-floor", _FATAL, _SUSPICIOUS, "B1",
    "The loss has a floor that even the truth does not pass.",
    "A similarity is coded as an error, or a term is normalised by the wrong quantity.",
    "The truth must give about 0 through the full loss and the zero answer about 1.",
)
ZERO_WEIGHT = Rule(
    "RT206", "zero-weight", _WARNING, _SUSPICIOUS, "B2",
    "A declared term has no effect.",
    "Its weight is zero: not passed, or shadowed by a default.",
    "Store the resolved configuration and where each value came from.",
)
DEAD_TERM = Rule(
    "RT207", "dead-term", _WARNING, _SUSPICIOUS, "B3",
    "A term prints as 0.000000 or as a constant.",
    "An exception was swallowed, or a hinge is never active.",
    "Let the term raise; evaluate it on random input, where it must vary.",
)
UNACCOUNTED = Rule(
    "RT208", "unaccounted-loss", _WARNING, _SUSPICIOUS, "B4",
    "The total is not the sum of its reported terms.",
    "A term is on that nobody reports, or a reported weight is not the one used.",
    "Report every weighted term; the total must equal their sum.",
)
DOMINANT = Rule(
    "RT209", "dominant-term", _WARNING, _SUSPICIOUS, "B5",
    "One term decides the gradient, others rise.",
    "The terms' scales differ by orders of magnitude.",
    "Weigh by gradient norms, not by values.",
)
WRONG_SIGN = Rule(
    "RT210", "wrong-sign", _FATAL, _SUSPICIOUS, "B6",
    "The loss falls while the answer gets worse.",
    "A term grows when the prediction moves towards the truth.",
    "Change its sign.",
)
TWO_PATHS = Rule(
    "RT211", "two-loss-paths", _WARNING, _SUSPICIOUS, "B7",
    "Validation is many times the train loss from the first epoch.",
    "Validation computes another loss: other weights, other precision, or dropout still on.",
    "Pass the same batch through both paths; the numbers must agree.",
)
CONSTANT_VALIDATION = Rule(
    "RT212", "constant-validation", _FATAL, _STALLED, "B8",
    "The validation value is equal to the last digit, epoch after epoch.",
    "The weights that are validated do not change: no update, zero rate, or another copy of the model.",
    "Look at the other findings first; then compare the identity of the validated and the trained parameters.",
)
VALIDATION_NOT_FINITE = Rule(
    "RT213", "validation-not-finite", _WARNING, _DIVERGED, "B8",
    "Validation is NaN or inf.",
    "Validation runs in another precision or divides by an empty count.",
    "Run validation in float32, and check that its loader is not empty.",
)
BLIND = Rule(
    "RT214", "blind-loss", _WARNING, _SUSPICIOUS, "B9",
    "The loss falls and the metric does not move.",
    "The loss does not see what the metric measures.",
    "Add a term for it, or check that the metric reads this model's output.",
)
BROADCAST = Rule(
    "RT215", "broadcast", _FATAL, _SUSPICIOUS, "B10",
    "The loss is stuck at the variance of the labels.",
    "Prediction (B, 1) and target (B,) broadcast to (B, B): every prediction is compared with every label.",
    "Make the shapes equal: target.unsqueeze(-1) or prediction.squeeze(-1).",
)
MISMATCH = Rule(
    "RT216", "activation-and-loss", _WARNING, _SUSPICIOUS, "B11",
    "Slow or no learning, odd loss values.",
    "The last activation and the loss do not belong together.",
    "Give cross_entropy and bce_with_logits raw logits; give nll_loss log-probabilities over the class axis.",
)
CANNOT_OVERFIT = Rule(
    "RT217", "cannot-overfit", _WARNING, _STALLED, "B11, A17",
    "The model cannot learn one batch by heart.",
    "The loss, the labels or the gradient path are wrong, or the rate is far off.",
    "Mend this before training: no amount of data helps.",
)
NOT_EFFECTIVE = Rule(
    "RT218", "configuration-not-effective", _FATAL, _SUSPICIOUS, "B12",
    "A changed setting changes nothing.",
    "A requested value was overwritten or never read.",
    "Compare the effective configuration with the requested one, field by field.",
)
NO_BETTER = Rule(
    "RT219", "no-better-than-baseline", _WARNING, _STALLED, "B9, B10",
    "The loss is no lower than that of a constant answer.",
    "Nothing of the input reaches the answer, or training is far too slow.",
    "Learn one batch by heart first; check that labels belong to their inputs.",
)
OUT_OF_REACH = Rule(
    "RT220", "target-out-of-reach", _WARNING, _SUSPICIOUS, "B11, D3",
    "The loss has a floor; predictions stick to the edge of a range.",
    "Targets lie outside the range that the last activation can produce.",
    "Scale the targets, or drop the activation.",
)
TRAIN_VALIDATION = Rule(
    "RT221", "validated-in-train-mode", _WARNING, _SUSPICIOUS, "B7",
    "Validation is noisy, and differs when it is repeated.",
    "Validation runs with dropout on, or normalises with the statistics of its own batches.",
    "Call model.eval() before validation, and model.train() after it.",
)
OVERFIT = Rule(
    "RT230", "over-fitting", _WARNING, _SUSPICIOUS, "B9",
    "Validation rises for many epochs while the train loss goes on falling.",
    "The model learns the training set by heart: too many weights or epochs for the data.",
    "Keep the weights of the best epoch; then more data, augmentation, weight decay or fewer epochs.",
)
METRIC_STILL = Rule(
    "RT231", "metric-never-moves", _WARNING, _STALLED, "B9",
    "A metric has the same value in every epoch.",
    "It reads other weights or other data than those that are trained, or the model always gives one answer.",
    "Compute the metric by hand on one batch of the model's own output.",
)
TERM_CUT = Rule(
    "RT232", "term-without-graph", _WARNING, _SUSPICIOUS, "A17, B3",
    "A term of the loss counts, and does not fall.",
    "It was computed under no_grad, through detach, item or numpy: it moves no weight.",
    "Compute the term from the model's output with its graph, or report it as a metric and leave it out of the loss.",
)
STALE_STATISTICS = Rule(
    "RT233", "stale-statistics", _WARNING, _SUSPICIOUS, "B7, A15",
    "Validation is far above train, even on the training data.",
    "The running statistics that batch normalisation uses in evaluation are not those of the data: "
    "a tiny momentum, too few updates, batches of one sample, or statistics from elsewhere.",
    "Raise the momentum to about 0.1, run batches through the model in train mode, or take a norm without batches.",
)
VALIDATION_RISES = Rule(
    "RT234", "validation-rises", _WARNING, _SUSPICIOUS, "B9",
    "Validation gets worse from epoch to epoch, and train does not get better.",
    "The rate is too high, or what is trained is not what validation measures.",
    "Lower the rate; pass one batch through the train and the validation path and compare.",
)
PLAYERS_AGREE = Rule(
    "RT235", "players-agree", _WARNING, _SUSPICIOUS, "B6",
    "One loss of a game goes to zero at once, and the samples do not get better.",
    "The discriminator is taught that label for made samples which the generator is rewarded for: nobody opposes it.",
    "Give made samples one label in the discriminator's loss and the other one in the generator's; look for a minus.",
)
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
    "The train loss rises, and ends above where it began.",
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
LEFT_OUT = Rule(
    "RT236", "not-finite-left-out", _WARNING, _SUSPICIOUS, "B8, C1",
    "Training looks fine, and part of the data is never learned from.",
    "The loss of some batches is NaN or inf, and the loop passes over them without a word.",
    "Count and name what is passed over; look for NaN in inputs and labels, and for logarithms and divisions at zero.",
)
UNOPPOSED = Rule(
    "RT237", "learned-weight-unopposed", _WARNING, _SUSPICIOUS, "B5",
    "The loss falls and falls, and the errors that it is made of do not.",
    "The weight of an error is learned, and no other term grows when it shrinks: the least loss is at weight zero.",
    "Add the term that belongs to it, as log sigma does to exp(-log sigma) * error, with the sign that opposes it.",
)
