"""Mutants of the segmentation with rare pixels."""
PROGRAM = "segmentation"
HIGHER = True
CRIT = "weight=torch.tensor([1.0, 10.0]), ignore_index=IGNORE"
BACK_STEP = "        loss.backward()\n        optimizer.step()\n"
MUTANTS = [
    ("no_step", "        optimizer.step()\n", "", "The optimiser never steps."),
    ("step_before_backward", BACK_STEP, "        optimizer.step()\n        loss.backward()\n",
     "The step comes after zero_grad and before backward."),
    ("zero_between", BACK_STEP, "        loss.backward()\n        optimizer.zero_grad()\n        optimizer.step()\n",
     "The gradients are cleared between backward and step."),
    ("never_zero", "        optimizer.zero_grad(set_to_none=True)\n", "", "Gradients pile up over all batches."),
    ("all_ignored", "loss = criterion(out, y)", "loss = criterion(out, torch.where(y == 0, IGNORE, y))",
     "The background is ignored too, so only the rare class counts."),
    ("rim_as_class", "loss = criterion(out, y)", "loss = criterion(out, y.clamp(max=1))",
     "The ignored rim is taken for foreground."),
    ("weights_swapped", "[1.0, 10.0]", "[10.0, 1e-3]", "The class weights are swapped, the rare class hardly counts."),
    ("softmax_twice", "return self.head(torch.cat([a, b], 1))", "return self.head(torch.cat([a, b], 1)).softmax(1)",
     "The softmax is applied twice.", "subtle"),
    ("softmax_wrong_dim", "return self.head(torch.cat([a, b], 1))",
     "return self.head(torch.cat([a, b], 1)).softmax(2)", "A softmax over image rows precedes the loss."),
    ("negated_loss", "loss = criterion(out, y)", "loss = -criterion(out, y)", "The loss is maximised."),
    ("lr_high", "lr=0.1", "lr=1e3", "The learning rate is ten thousand times too high."),
    ("lr_low", "lr=0.1", "lr=1e-7", "The learning rate is a million times too low."),
    ("labels_shuffled", "x, y = train_x[idx], train_y[idx]", "x, y = train_x[idx], train_y[idx.roll(1)]",
     "The masks belong to other images."),
    ("labels_empty", "x, y = train_x[idx], train_y[idx]",
     "x, y = train_x[idx], torch.where(train_y[idx] == 1, 0, train_y[idx])", "No mask holds any foreground."),
    ("masks_transposed", "x, y = train_x[idx], train_y[idx]", "x, y = train_x[idx], train_y[idx].transpose(1, 2)",
     "Rows and columns of the masks are swapped."),
    ("opt_on_copy", "SGD(model.parameters()", "SGD(TinyUNet().parameters()", "The optimiser holds another model."),
    ("part_frozen", "criterion = nn.Cross", "model.down.requires_grad_(False)\nmodel.head.requires_grad_(False)\n"
     "criterion = nn.Cross", "The first and the last layer are frozen by mistake."),
    ("eval_left_on", "        model.train()\n", "", "Batch norm stays in eval mode with its initial statistics.",
     "subtle"),
    ("val_in_train_mode", "    model.eval()\n", "", "Validation uses and changes batch statistics.", "subtle"),
    ("sched_too_short", "total_iters=100", "total_iters=10", "The rate is zero after the first epoch."),
    ("nan_batch", "        out = model(x)\n",
     "        if step == 50:\n            x = x / x.mul(0)\n        out = model(x)\n",
     "One batch is divided by zero."),
    ("update_outside_loop", BACK_STEP + "        scheduler.step()\n        step += 1\n",
     "        scheduler.step()\n        step += 1\n    loss.backward()\n    optimizer.step()\n",
     "The update is outside the batch loop."),
]
