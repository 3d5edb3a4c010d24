"""Mutants of the LoRA fine-tuning."""
PROGRAM = "lora_finetune"
HIGHER = True
LINE = "trainable = [p for p in net.parameters() if p.requires_grad]\n"
BACK_STEP = "        loss.backward()\n        optimizer.step()\n"
MUTANTS = [
    ("no_step", "        optimizer.step()\n", "", "The optimiser never steps."),
    ("step_before_backward", BACK_STEP, "        optimizer.step()\n        loss.backward()\n",
     "The step comes after zero_grad and before backward."),
    ("zero_between", BACK_STEP, "        loss.backward()\n        optimizer.zero_grad()\n        optimizer.step()\n",
     "The gradients are cleared before the step."),
    ("never_zero", "        optimizer.zero_grad()\n", "", "Gradients pile up over all batches."),
    ("collected_too_early",
     "net[0] = LoRALinear(net[0])\nnet[3] = LoRALinear(net[3])\nnet[5] = nn.Linear(64, 4)\n" + LINE,
     "net[5] = nn.Linear(64, 4)\n" + LINE + "net[0] = LoRALinear(net[0])\nnet[3] = LoRALinear(net[3])\n",
     "The optimiser's list is made before the adapters exist."),
    ("head_after_optimiser", "before = accuracy(net, xt, yt)\n",
     "net[5] = nn.Linear(64, 4)\nbefore = accuracy(net, xt, yt)\n",
     "The head is replaced after the optimiser was built.", "subtle"),
    ("both_zero", "nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))", "nn.init.zeros_(self.A)",
     "Both factors start at zero, so neither gets a gradient."),
    ("scale_zero", "self.scale = alpha / rank", "self.scale = rank // alpha",
     "The scale is inverted and floored: the adapters are multiplied by zero."),
    ("frozen_after_wrap", LINE, LINE + "for p in net.parameters():\n    p.requires_grad = False\n"
     "net[5].bias.requires_grad = True\n",
     "The freezing loop runs after the adapters were added, only a bias is left."),
    ("adapters_left_out", LINE, "trainable = list(net[5].parameters())\n", "The adapters are not in the optimiser."),
    ("base_trained", LINE, "net.requires_grad_(True)\n" + LINE, "The whole base network is trained.", "subtle"),
    ("opt_on_copy", "AdamW(trainable,", "AdamW([nn.Parameter(p.detach().clone()) for p in trainable],",
     "The optimiser holds clones."),
    ("negated_loss", "        loss = F.cross_entropy(logits, labels)",
     "        loss = -F.cross_entropy(logits, labels)",
     "The loss is maximised."),
    ("lr_high", "lr=1e-2, weight_decay=0.01", "lr=1e2, weight_decay=0.01", "The rate is ten thousand times too high."),
    ("lr_low", "lr=1e-2, weight_decay=0.01", "lr=1e-8, weight_decay=0.01", "The rate is a million times too low."),
    ("sched_to_zero", "LinearLR(optimizer, 1.0, 0.1, total_iters=8)", "LambdaLR(optimizer, lambda e: 0.0)",
     "The schedule is zero throughout."),
    ("labels_shuffled", "batch, labels = x1[idx], y1[idx]", "batch, labels = x1[idx], y1[idx.flip(0)]",
     "The labels belong to other rows."),
    ("labels_source_task", "batch, labels = x1[idx], y1[idx]", "batch, labels = x1[idx], y0[idx]",
     "The labels of the source task are used."),
    ("softmax_twice", "        logits = net(batch)\n", "        logits = net(batch).softmax(0)\n",
     "A softmax over the batch precedes the loss."),
    ("detached", "        logits = net(batch)\n", "        logits = net[5](net[:5](batch).detach())\n",
     "The adapters get no gradient."),
    ("eval_left_on", "    net.train()\n    return acc", "    return acc",
     "Dropout stays off after the first evaluation.",
     "subtle"),
    ("nan_batch", "        logits = net(batch)\n",
     "        if epoch == 4:\n"
     "            batch = batch / (batch[:, :1] - batch[:1, :1])\n        logits = net(batch)\n",
     "A division by zero brings NaN."),
    ("update_outside_loop", "        optimizer.zero_grad()\n        logits = net(batch)\n"
     "        loss = F.cross_entropy(logits, labels)\n" + BACK_STEP + "        total += loss.item()\n",
     "    optimizer.zero_grad()\n    logits = net(batch)\n"
     "    loss = F.cross_entropy(logits, labels)\n    loss.backward()\n"
     "    optimizer.step()\n    total += loss.item()\n",
     "The update is outside the batch loop."),
]
