"""The sound loop under a watch, and the change that breaks it in the way of rules about losses, numbers and data."""

from .watched import BACK, EPOCHS, LOSS, MADE, MODEL, START, STEP, TOLD, Twice

_LABELS = "        labels = (targets[:, 0] > 0).long() + (targets[:, 0] > 1).long()\n"
_CLASSES = [
    (MODEL, MODEL.replace("32, 1))", "32, 3))")),
    (LOSS, _LABELS + "        loss = F.cross_entropy(output, labels)\n"),
    ("F.mse_loss(model(held_x), held_y)", "F.cross_entropy(model(held_x), (held_y[:, 0] > 0).long())"),
]
_TERMS = "        size = output.square().mean()\n        loss = F.mse_loss(output, targets) + 0.1 * size\n"
_TOLD_TERMS = '        watch.loss(loss, terms={"error": (1.0, loss - 0.1 * size), "size": (0.1, size)})\n'
_HINGE = "        hinge = (1 + output).clamp_min(0).mean()\n        loss = F.mse_loss(output, targets) + 1e-6 * hinge\n"
_TOLD_HINGE = '        watch.loss(loss, terms={"error": (1.0, loss - 1e-6 * hinge), "hinge": (1e-6, hinge)})\n'
_DROPOUT = MODEL.replace("nn.Linear(32, 32)", "nn.Dropout(0.3), nn.Linear(32, 32)")
_START = (MADE, MADE + "start = copy.deepcopy(model)\n")
_NORMED = "model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))\n"
_TRY = """try:
    raise RuntimeError("CUDA out of memory")
except RuntimeError as error:
    verdict = watch.close(error)
"""
_SCORED = ("batches=8)", "batches=8, accuracy=score)")
_SCORE = (
    "    model.train()\n",
    "    with torch.no_grad():\n        score = ((model(held_x) - held_y).abs() < 0.5).float()"
    ".mean().item()\n    model.train()\n",
)
_OLD = ("((model(held_x) - held_y)", "((start(held_x) - held_y)")
_ROOT = "        gap = (output - output.detach()).square().sum() + floor\n        loss = loss + 1e-3 * gap.sqrt()\n"
_GUARD = "        if loss.isfinite():\n    " + BACK

LOSSES: dict[str, Twice] = {
    "RT201": ([], [(LOSS, LOSS + "        loss = loss - 1e-9 * output.log().mean()\n")]),
    "RT202": ([("Adam(model.parameters(), lr=3e-3", "SGD(model.parameters(), lr=1e-2"), (EPOCHS, "range(8)")],
              [("lr=1e-2", "lr=0.7")]),
    "RT203": ([], [("loss = F.mse_loss(output, targets)", "loss = 0.0 * F.mse_loss(output, targets)")]),
    "RT204": ([], [("F.mse_loss(output, targets)", "F.mse_loss(0 * output + 1, 0 * targets)")]),
    "RT206": ([(LOSS, _TERMS), (TOLD, _TOLD_TERMS)],
              [("+ 0.1 * size\n", "+ 0.0 * size\n"), ("(1.0, loss - 0.1 * size)", "(1.0, loss)"),
               ("(0.1, size)", "(0.0, size)")]),
    "RT207": ([(LOSS, _HINGE), (TOLD, _TOLD_HINGE)], [("(1 + output)", "(output - 1e3)")]),
    "RT208": ([(LOSS, _TERMS), (TOLD, _TOLD_TERMS)],
              [("+ 0.1 * size\n", "+ 0.3 * size\n"), ("loss - 0.1 * size", "loss - 0.3 * size")]),
    "RT211": ([], [("F.mse_loss(model(held_x), held_y)", 'F.mse_loss(model(held_x), held_y, reduction="sum")')]),
    "RT212": ([_START], [("F.mse_loss(model(held_x), held_y)", "F.mse_loss(start(held_x), held_y)")]),
    "RT213": ([], [("F.mse_loss(model(held_x), held_y)", "F.mse_loss(model(held_x[:0]), held_y[:0])")]),
    "RT214": ([_START, _SCORE, _SCORED, (EPOCHS, "range(12)")], [_OLD]),
    "RT215": ([], [("F.mse_loss(output, targets)", "(output - targets[:, 0]).square().mean()")]),
    "RT216": (_CLASSES, [("F.cross_entropy(output, labels)", "F.cross_entropy(output.softmax(dim=1), labels)")]),
    "RT219": ([(EPOCHS, "range(13)")],
              [("inputs, targets = x[rows], y[rows]", "inputs, targets = torch.randn(16, 8), y[rows]")]),
    "RT220": ([], [("nn.Linear(32, 1))", "nn.Linear(32, 1), nn.Tanh())")]),
    "RT221": ([(MODEL, _DROPOUT)], [("    model.eval()\n", "")]),
    "RT231": ([_START, _SCORE, _SCORED, (EPOCHS, "range(12)")], [_OLD, ("lr=3e-3", "lr=1e-6")]),
    "RT232": ([(LOSS, _TERMS), (TOLD, _TOLD_TERMS)],
              [("        size = output.square().mean()\n",
                "        with torch.no_grad():\n            size = output.square().mean()\n")]),
    "RT233": ([(MODEL, _NORMED), (EPOCHS, "range(8)"),
               ("output = model(inputs)", "output = model(5 * inputs + 15)"),
               ("F.mse_loss(model(held_x), held_y)", "F.mse_loss(model(5 * x + 15), y)")],
              [("nn.BatchNorm1d(32)", "nn.BatchNorm1d(32, momentum=1e-4)")]),
    "RT234": ([(EPOCHS, "range(12)")],
              [("model(held_x), held_y)", "model(held_x), held_y + 0.2 * epoch)"), ("lr=3e-3", "lr=1e-7")]),
    "RT301": ([], [("F.mse_loss(output, targets)", "F.mse_loss(output.bfloat16(), targets.bfloat16())")]),
    "RT302": ([(MODEL, MODEL + "floor = 0.1\n"), ("output = model(inputs)", "hidden = model[0](inputs)\n"
               "        output = model[2:]((hidden * (hidden > 0) + floor).sqrt())")],
              [("floor = 0.1", "floor = 0.0")]),
    "RT303": ([], [(MADE, "for layer in (model[0], model[2]):\n    layer.weight.data.mul_(1e25)\n" + MADE)]),
    "RT307": ([], [("held_x = torch", "x = x * torch.logspace(-4, 0, 8)\nheld_x = torch")]),
    "RT308": ([], [(MADE, "nn.init.constant_(model[0].bias, -50.0)\n" + MADE)]),
    "RT309": ([(MODEL, MODEL.replace("nn.ReLU(), nn.Linear(32, 32), nn.ReLU()", "nn.Sigmoid()"))],
              [(MADE, "model[0].weight.data.mul_(3e3)\n" + MADE)]),
    "RT310": ([], [("F.mse_loss(output, targets)", "F.mse_loss(output.clamp(-0.05, 0.05), targets)")]),
    "RT311": ([(EPOCHS, "range(6)")], [(MADE, "nn.init.zeros_(model[0].weight).requires_grad_(False)\n" + MADE)]),
    "RT312": ([(MODEL, MODEL + "floor = 1e-6\n"), (LOSS, LOSS + _ROOT), (BACK, _GUARD), (STEP, "    " + STEP)],
              [("floor = 1e-6", "floor = 0.0")]),
    "RT330": ([], [("held_x = torch", "x[3, 2] = float('nan')\nheld_x = torch")]),
    "RT331": ([], [("output = model(inputs)", "inputs = torch.zeros_like(inputs)\n        output = model(inputs)")]),
    "RT332": ([(EPOCHS, "range(6)")],
              [("F.mse_loss(model(held_x), held_y)", "F.mse_loss(model(255 * held_x), held_y)")]),
    "RT407": ([("torch.randperm(128).split(16)", "torch.randperm(128).split(size)[: 128 // size]"),
               (EPOCHS, "range(4)"), ("    losses = []\n", "    losses, size = [], 16\n"),
               ("    model.eval()\n    with torch.no_grad():\n"
                "        value = F.mse_loss(model(held_x), held_y).item()\n"
                    "    model.train()\n    watch.epoch(train=sum(losses) / len(losses), val=value, batches=8)\n",
                "    watch.epoch()\n")], [("size = [], 16", "size = [], 256")]),
    "RT411": ([*_CLASSES, ("torch.randperm(128).split(16)", "order.split(16)"),
               (START, START + "    order = torch.randperm(128)\n")],
              [("order = torch.randperm(128)", "order = y[:, 0].argsort()")]),
    "RT430": ([(EPOCHS, "range(16)")], [("held_x = torch", "y = 2e4 * y + 5e4\nheld_x = torch")]),
    "RT505": ([], [("batches=8)", "batches=8, best=float('inf'))")]),
    "RT507": ([("batches=8)", "batches=8, angle=3.0 / (1 + epoch))")], [("angle=3.0 / (1 + epoch)", "angle=value")]),
    "RT509": ([], [("verdict = watch.close()\n", _TRY)]),
}  # fmt: skip
"""As `watched.UPDATES`."""
