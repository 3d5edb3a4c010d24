"""Pages of the rules about curves, layers that stand still and data: an example, and what the finding does not mean."""

SERIES: dict[str, tuple[str, str]] = {
    "RT139": (
        "self.norm = nn.LayerNorm(64)   # made in __init__\n"
        "return self.head(self.body(x))  # forward never calls self.norm",
        "It is not said of a layer whose weights are used without calling it, as in weight tying: those move.",
    ),
    "RT140": (
        "for x, y in loader:\n    optimizer = torch.optim.Adam(model.parameters())  # inside the loop",
        "It does not mean that the weights stand still: each update is like the first one of Adam.",
    ),
    "RT141": (
        "schedule = CosineAnnealingLR(optimizer, 100)\nfor x, y in loader:\n    optimizer.step()  # no schedule.step()",
        "It is not said of a schedule that waits for a metric which does not move, once its step() was called.",
    ),
    "RT142": (
        "loss = 1e6 * criterion(model(x), y)  # in one batch of a thousand",
        "It does not mean that the rate is too low: the same rate moved the weights before the spike.",
    ),
    "RT143": (
        "torch.optim.AdamW(model.parameters(), lr=1e-1, weight_decay=1.0)",
        "It does not mean that weight decay is wrong: only that it takes more than the gradient gives.",
    ),
    "RT160": (
        "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 1.0",
        "A few skipped updates at the start, while the scale is being found, are how a scaler works.",
    ),
    "RT230": (
        "epoch 3 train 0.41 val 0.52\nepoch 9 train 0.12 val 0.88",
        "It does not mean that the accuracy falls: a loss can rise while the class that wins stays the same.",
    ),
    "RT231": (
        "accuracy = (old_model(x).argmax(-1) == y).float().mean()  # not the model that is trained",
        "It is not said of a metric that is 1 or 0 and may have every reason to be.",
    ),
    "RT232": (
        "with torch.no_grad():\n    penalty = model.weight.square().sum()\nloss = error + 0.1 * penalty",
        "It does not mean that the term is wrong: a term that is only reported belongs outside the loss.",
    ),
    "RT233": (
        "nn.BatchNorm1d(64, momentum=1e-4)  # evaluation still uses the statistics of the first weights",
        "It is no over-fitting: the same data is worse in evaluation than in training.",
    ),
    "RT234": (
        "epoch 3 train 0.70 val 0.71\nepoch 9 train 0.70 val 0.94",
        "It does not tell a wrong rate from a validation on other data: pass one batch through both paths.",
    ),
    "RT235": (
        "d_loss = bce(D(G(z).detach()), ones)\ng_loss = bce(D(G(z)), ones)  # the same label",
        "It is not said of two networks that are trained in turns towards targets that vary.",
    ),
    "RT250": (
        "{'loss': 1.93, 'grad_norm': nan}\n{'loss': 0.0, 'grad_norm': nan}",
        "It does not mean that the training set was learned: the loss would come near 0, not jump to it.",
    ),
    "RT251": (
        "step 100 loss 2.303\nstep 9000 loss 2.302",
        "It is not said of a loss that has no floor, such as a reward or an adversary's loss.",
    ),
    "RT253": (
        "step 100 loss 0.9\nstep 9000 loss 4.8",
        "It is not said of rewards and of losses of adversaries, which may rise for good reasons.",
    ),
    "RT254": (
        "epoch 6 mAP 0.41\nepoch 7 mAP 0.02",
        "One bad evaluation among good ones earns no finding: it must stay low.",
    ),
    "RT255": (
        "step 400 perplexity inf",
        "It does not mean that the loss is NaN: that has a finding of its own, RT201.",
    ),
    "RT256": (
        "loss = -criterion(model(x), y)",
        "It is not said of a likelihood of densities, which may be negative and levels off.",
    ),
    "RT257": (
        "epoch 9 loss 0.81   # the sound run\nepoch 9 loss 1.62   # this one",
        "It does not mean that the run is worse: a better one differs as well, and seeds differ by more than one run "
        "scatters.",
    ),
    "RT330": (
        "x = (x - mean) / std  # std is 0 in one column",
        "It does not blame the model: the batch was not finite before it went in.",
    ),
    "RT331": (
        "batch = torch.zeros(32, 3, 224, 224)  # the reader failed and nobody looked",
        "It is not said of batches of one sample, or of inputs that are constant by design, such as a query token.",
    ),
    "RT332": (
        "train_set = (raw - mean) / std\nval_set = raw",
        "It is not said of a shift of a few deviations, as between two data sets.",
    ),
    "RT430": (
        "y = price_in_cents  # 1e6 and more, answered by a linear layer that starts near 0",
        "It does not mean that training fails: a large rate or a long run may get there.",
    ),
}
