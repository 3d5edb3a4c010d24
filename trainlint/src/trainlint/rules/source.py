"""Rules about the source of a loop and its schedule: what stands there before anything runs (RT60x to RT62x)?"""

from ..findings import Rule, Severity, State

_WARNING, _NOTE = Severity.WARNING, Severity.NOTE
_STALLED, _FROZEN, _DIVERGED, _SUSPICIOUS = State.STALLED, State.FROZEN, State.DIVERGED, State.SUSPICIOUS

# A rule is five lines: what it is, symptom, cause, next move.
# fmt: off
NOT_CALLED = Rule(
    "RT601", "not-called", _WARNING, _STALLED, "A1, A10",
    "A line such as `optimizer.step` stands alone and does nothing.",
    "The parentheses are missing: the method is named and never called.",
    "Write `optimizer.step()`.",
)
NEVER_CLEARED = Rule(
    "RT602", "gradients-never-cleared", _WARNING, _DIVERGED, "A10",
    "Each step uses the sum of all gradients so far; the norm grows from batch to batch.",
    "Backward and step stand in the batch loop, and nothing in it clears the gradients.",
    "Call `optimizer.zero_grad()` once per update, before backward or after step.",
)
CLEARED_BEFORE_STEP = Rule(
    "RT603", "cleared-between", _WARNING, _STALLED, "A10",
    "The loss is computed and differentiated, and the weights stand still.",
    "The gradients are cleared after backward and before the step that should use them.",
    "Clear before backward or after step.",
)
NEVER_STEPPED = Rule(
    "RT604", "optimiser-never-stepped", _WARNING, _STALLED, "A1",
    "Gradients are computed, and the weights never change.",
    "Backward is called, and no line calls the step of this optimiser.",
    "Call `optimizer.step()` after backward.",
)
STEP_WITHOUT_BACKWARD = Rule(
    "RT605", "step-without-backward", _WARNING, _STALLED, "A6",
    "The loop steps the optimiser, and the weights never change.",
    "No line of the files calls backward or sets a gradient.",
    "Call `loss.backward()` before the step.",
)
UNDIVIDED = Rule(
    "RT606", "accumulation-undivided", _WARNING, _SUSPICIOUS, "A9",
    "The effective learning rate is larger by the number of batches accumulated.",
    "Gradients of several batches are added up, and the loss is not divided by their number.",
    "Divide the loss by the number of accumulated batches before backward.",
)
CLIP_IDLE = Rule(
    "RT607", "clip-without-effect", _WARNING, _SUSPICIOUS, "A10, A20",
    "Gradients explode although clipping stands in the loop.",
    "Clipping stands where the gradients are not those that the step uses: after the step, or before backward.",
    "Clip between backward and step.",
)
CLIP_VANISHING = Rule(
    "RT608", "clip-to-nothing", _WARNING, _STALLED, "A19",
    "The loss hardly moves; every update is as small as the clip.",
    "The norm to which gradients are clipped is so small that nothing is left of them.",
    "Clip to a norm that healthy gradients seldom reach, often 1.",
)
CLIP_SCALED = Rule(
    "RT609", "clip-of-scaled-gradients", _WARNING, _SUSPICIOUS, "A11",
    "Under mixed precision every gradient is clipped to almost nothing, or the limit means something else each step.",
    "The gradients still carry the scaler's factor when they are clipped.",
    "Call `scaler.unscale_(optimizer)` before clipping.",
)
SCALER_STUCK = Rule(
    "RT610", "scaler-never-updated", _WARNING, _STALLED, "A11",
    "After one overflow the scaler refuses each step, or raises at the second.",
    "`scaler.step(optimizer)` is called, and no line calls `scaler.update()`.",
    "Call `scaler.update()` once after the step.",
)
SCALER_BYPASSED = Rule(
    "RT611", "scaler-bypassed", _WARNING, _DIVERGED, "A11",
    "The first updates are thousands of times too large.",
    "The loss is scaled for backward, and the step is taken by the optimiser itself, on scaled gradients.",
    "Step with `scaler.step(optimizer)` and then `scaler.update()`.",
)
OUTSIDE_BATCHES = Rule(
    "RT612", "backward-outside-the-batches", _WARNING, _STALLED, "A6",
    "One update per epoch; most batches are computed for nothing.",
    "Backward stands behind the batch loop, on the loss of its last batch.",
    "Indent backward and step into the batch loop.",
)
RATE = Rule(
    "RT613", "rate-out-of-range", _WARNING, _STALLED, "A2, A19",
    "The weights stand still, or the loss jumps in the first update.",
    "The learning rate in the source is zero, vanishing, or far above any that this optimiser is used with.",
    "Choose a rate in the usual range: 1e-5 to 1e-2 for Adam, up to about 1 for SGD.",
)
ABSURD = Rule(
    "RT614", "setting-out-of-range", _WARNING, _SUSPICIOUS, "A19, C5",
    "Training stalls, drifts to zero weights or diverges.",
    "A momentum, a pair of betas, a weight decay, a smoothing or a dropout is outside its useful range.",
    "Compare the value with the default of its class.",
)
STALE_OPTIMISER = Rule(
    "RT615", "optimiser-before-the-layer", _WARNING, _FROZEN, "A13",
    "A layer that was replaced never learns.",
    "The optimiser was made before the layer was replaced, and still holds the old one.",
    "Make the optimiser after the last change of the model.",
)
OTHER_MODEL = Rule(
    "RT616", "optimiser-of-another", _WARNING, _STALLED, "A13",
    "Gradients arrive in one model, and the optimiser moves another.",
    "The parameters given to the optimiser feed no loss on which backward is called.",
    "Give the optimiser the parameters of the model that is trained.",
)
IN_NO_OPTIMISER = Rule(
    "RT617", "module-in-no-optimiser", _WARNING, _FROZEN, "A13",
    "Part of the network keeps its random first weights.",
    "A module that feeds the loss is in no optimiser, and nothing freezes or loads it.",
    "Add its parameters to an optimiser, or freeze it in so many words.",
)
ALL_FROZEN = Rule(
    "RT618", "everything-frozen", _WARNING, _FROZEN, "A15",
    "Nothing learns, or backward complains that nothing needs a gradient.",
    "Every parameter of the optimised model is set to `requires_grad = False`.",
    "Release the part that is meant to learn.",
)
MISSPELT = Rule(
    "RT619", "attribute-misspelt", _WARNING, _SUSPICIOUS, "A15",
    "A part that was meant to be frozen keeps moving, or the rate stays as it was.",
    "An attribute that PyTorch never reads is set on a parameter or an optimiser; Python accepts any name.",
    "Write `requires_grad`; set a rate in every group of `optimizer.param_groups`.",
)
HALF_UNSCALED = Rule(
    "RT620", "half-precision-unscaled", _WARNING, _STALLED, "A11, C1",
    "Small gradients become zero; late in training nothing moves.",
    "The model or the forward pass runs in float16, and no GradScaler keeps its gradients above rounding.",
    "Use `torch.amp.GradScaler`, or bfloat16.",
)
SANITISED = Rule(
    "RT621", "gradients-sanitised", _WARNING, _STALLED, "A12",
    "Norms are finite, and nothing learns.",
    "`nan_to_num` is applied to gradients or to the loss: what is broken passes as zero.",
    "Find the operation that makes the NaN; skip and count a batch that has one.",
)
NOT_RELEASED = Rule(
    "RT622", "frozen-and-not-released", _WARNING, _FROZEN, "A15",
    "A part that should join the training after some epochs never does.",
    "It is frozen in the loop while a condition on the epoch holds, and no line releases it afterwards.",
    "Set `requires_grad = True` when its time has come.",
)
DIVIDED_TWICE = Rule(
    "RT623", "accumulation-divided-twice", _WARNING, _SUSPICIOUS, "A9",
    "The effective learning rate is smaller by the number of batches accumulated.",
    "The loss is divided by the accumulation, and the library's backward divides it once more.",
    "Leave the division to the library.",
)
WINDOW_LOST = Rule(
    "RT624", "last-window-lost", _WARNING, _SUSPICIOUS, "A8",
    "One update fewer per epoch than expected.",
    "The batches of an epoch are no multiple of the accumulation, and the rest is cleared before the next epoch.",
    "Step after the loop too where gradients are left, or clear only after a step.",
)
SCHEDULE_IDLE = Rule(
    "RT625", "schedule-never-stepped", _WARNING, _SUSPICIOUS, "A4",
    "The learning rate never changes.",
    "A schedule is made, and no line steps it or hands it to anybody.",
    "Call its `step()` in the unit in which it counts.",
)
SCHEDULE_UNIT = Rule(
    "RT626", "schedule-counts-otherwise", _WARNING, _SUSPICIOUS, "A4, A5",
    "The rate is used up within the first epoch, or hardly changes over the run.",
    "Its length is in epochs and it is stepped per batch, or the reverse, or more often than the optimiser.",
    "Give the schedule its length in the unit in which it is stepped.",
)
WARMUP_ZERO = Rule(
    "RT627", "warm-up-starts-at-zero", _WARNING, _STALLED, "A2, A3",
    "The whole first epoch runs at rate 0, or most of the run at a small part of the rate.",
    "The factor is zero at index 0, or reaches 1 only near the end, and it is stepped per epoch.",
    "Use (index + 1) / length, or step the warm-up per update.",
)
PLATEAU = Rule(
    "RT628", "plateau-in-the-wrong-direction", _WARNING, _SUSPICIOUS, "A4",
    "The rate falls while the run improves.",
    "`ReduceLROnPlateau` waits for the reverse: a loss with mode max, or an accuracy with mode min.",
    "Use mode min for a loss, max for an accuracy.",
)
