"""Mutants of the Huber regression."""
PROGRAM = "huber_regression"
HIGHER = False
BACK = "        loss.backward()\n"
MUTANTS = [
    ("no_step", "        opt.step()\n", "", "The optimiser never steps."),
    ("zero_between", BACK, "        loss.backward()\n        opt.zero_grad()\n",
     "The gradients are cleared between backward and step."),
    ("never_zero", "        opt.zero_grad()\n", "", "Gradients pile up over all batches."),
    ("no_backward", BACK, "", "Backward is missing, so no gradient is ever made.", ),
    ("clip_tiny", "net.parameters(), 5.0)", "net.parameters(), 1e-8)",
     "The clipping norm is 1e-8; Adam hides it until its epsilon dominates."),
    ("broadcast", "pred = net(xb).squeeze(1)", "pred = net(xb)",
     "Prediction (B, 1) against target (B,) broadcasts to (B, B)."),
    ("loss_item", "loss = criterion(pred, yb)", "loss = torch.tensor(criterion(pred, yb).item(), requires_grad=True)",
     "The loss is rebuilt from a number, so the graph is lost."),
    ("detach_output", "loss = criterion(pred, yb)", "loss = criterion(pred.detach(), yb).requires_grad_()",
     "The prediction is detached and the error message was silenced."),
    ("negated_loss", "loss = criterion(pred, yb)", "loss = -criterion(pred, yb)", "The loss is maximised."),
    ("lr_high", "lr=5e-3", "lr=5e1", "The learning rate is ten thousand times too high."),
    ("lr_low", "lr=5e-3", "lr=5e-9", "The learning rate is a million times too low."),
    ("sched_starts_zero", "torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=12)",
     "torch.optim.lr_scheduler.LambdaLR(opt, lambda e: min(e // 12, 1))",
     "An integer division keeps the warm-up factor at zero for the whole run."),
    ("sched_per_batch", "        total += loss.item()\n    sched.step()\n",
     "        total += loss.item()\n        sched.step()\n",
     "The cosine with a period of 12 epochs is stepped per batch, so the rate oscillates.", "subtle"),
    ("labels_shuffled", "xb, yb = x_train[idx], y_train[idx]", "xb, yb = x_train[idx], y_train[idx.flip(0)]",
     "Inputs and targets are paired wrongly."),
    ("labels_constant", "xb, yb = x_train[idx], y_train[idx]",
     "xb, yb = x_train[idx], y_train[:1].expand(len(idx))", "All targets are the same value."),
    ("unnormalised", "x_train = (x_train - mean) / std\nx_test = (x_test - mean) / std\n", "",
     "The columns with very different scales are not normalised, so the tanh units saturate."),
    ("test_unnormalised", "x_test = (x_test - mean) / std\n", "", "Only the training columns are normalised."),
    ("nan_batch", "        pred = net(xb)", "        if epoch == 4:\n            xb = xb / (xb[:, :1] - xb[:1, :1])\n"
     "        pred = net(xb)", "A division by zero brings NaN into the inputs of one epoch."),
    ("opt_rebuilt", "    order = torch.randperm(len(x_train))\n",
     "    order = torch.randperm(len(x_train))\n"
     "    net = nn.Sequential(nn.Linear(5, 64), nn.Tanh(), nn.Linear(64, 1))\n",
     "The network is built anew in each epoch, the optimiser keeps the first one."),
    ("part_left_out", "AdamW(net.parameters()", "AdamW(net[-1].parameters()", "Only the last layer is optimised."),
    ("loop_dedented", "        opt.zero_grad()\n        loss.backward()\n"
     "        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)\n"
     "        opt.step()\n        total += loss.item()\n",
     "    opt.zero_grad()\n    loss.backward()\n"
     "    torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)\n    opt.step()\n    total += loss.item()\n",
     "The update is outside the batch loop."),
    ("weight_decay_huge", "lr=5e-3)", "lr=5e-3, weight_decay=100.0)", "The weight decay shrinks everything to zero."),
]
