"""One sound loop under a watch, and the change that breaks it in the way of each rule about updates."""

SOUND = """
import copy
import torch
from torch import nn
from torch.nn import functional as F
from trainlint import Plan, Watch

torch.manual_seed(0)
x = torch.randn(128, 8)
y = 1.5 * x[:, :1] + x[:, 1:2].sin() + 0.5 * x[:, 2:3] * x[:, 3:4]
held_x = torch.randn(128, 8)
held_y = 1.5 * held_x[:, :1] + held_x[:, 1:2].sin() + 0.5 * held_x[:, 2:3] * held_x[:, 3:4]

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
schedule = None
watch = Watch(model, optimizer, schedule, raises=False)

for epoch in range(4):
    losses = []
    for rows in torch.randperm(128).split(16):
        inputs, targets = x[rows], y[rows]
        optimizer.zero_grad()
        output = model(inputs)
        loss = F.mse_loss(output, targets)
        watch.loss(loss)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        value = F.mse_loss(model(held_x), held_y).item()
    model.train()
    watch.epoch(train=sum(losses) / len(losses), val=value, batches=8)

verdict = watch.close()
"""

MADE = "optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)\n"
MODEL = "model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))\n"
BACK = "        loss.backward()\n"
STEP = "        optimizer.step()\n"
LOSS = "        loss = F.mse_loss(output, targets)\n"
TOLD = "        watch.loss(loss)\n"
UPDATE = BACK + STEP
RATES = "schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: {})\n"
TICK = STEP + "        schedule.step()\n"
START = "    losses = []\n"
EPOCHS = "range(4)"

Twice = tuple[list[tuple[str, str]], list[tuple[str, str]]]
"""What is changed for both programs, and then for the broken one alone."""

TWO_HEADS = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head, self.other = nn.Linear(8, 32), nn.Linear(32, 1), nn.Linear(32, 1)

    def forward(self, x):
        hidden = self.body(x).relu()
        return self.head(hidden), self.other(hidden)

model = Net()
"""
_TWO = [
    (MODEL, TWO_HEADS),
    ("output = model(inputs)", "output, other = model(inputs)"),
    ("model(held_x)", "model(held_x)[0]"),
    (LOSS, LOSS + "        loss = loss + 0.1 * F.mse_loss(other, targets)\n"),
]
_LAYERS = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.norm, self.head = nn.Linear(8, 32), nn.LayerNorm(32), nn.Linear(32, 1)
        self.layers = nn.ModuleList([nn.Linear(32, 32) for _ in range(2)])

    def forward(self, x):
        hidden = self.norm(self.body(x)).relu()
        for layer in self.layers:
            hidden = layer(hidden).relu()
        return self.head(hidden)

model = Net()
"""
_NAMED = """model = nn.Sequential()
for name, layer in (("body", nn.Linear(8, 32)), ("overhead", nn.Linear(32, 32)), ("head", nn.Linear(32, 1))):
    model.add_module(name, layer)
"""
_GROUPS = """fast = [p for name, p in model.named_parameters() if name.startswith("head.")]
slow = [p for p in model.parameters() if all(p is not other for other in fast)]
optimizer = torch.optim.Adam([{"params": slow, "lr": 1e-3}, {"params": fast, "lr": 3e-3}])
"""
_DEEP = """act = nn.ReLU
model = nn.Sequential(nn.Linear(8, 16), *[m for _ in range(6) for m in (act(), nn.Linear(16, 16))], nn.Linear(16, 1))
"""
_SINES = """class Sine(nn.Module):
    def forward(self, x):
        return x.sin()

model = nn.Sequential(nn.Linear(8, 16), *[m for _ in range(12) for m in (Sine(), nn.Linear(16, 16))], nn.Linear(16, 1))
for layer in model:
    if isinstance(layer, nn.Linear):
        nn.init.kaiming_normal_(layer.weight)
"""
_FROZEN = """model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
for p in model[:2].parameters():
    p.requires_grad_(False)
"""
_DROPOUT = MODEL.replace("nn.Linear(32, 32)", "nn.Dropout(0.3), nn.Linear(32, 32)")
_CLIP = BACK + "        nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"
_WINDOWS = [
    (START, START + "    optimizer.zero_grad()\n"),
    ("        optimizer.zero_grad()\n", ""),
    (TOLD + BACK, "        watch.loss(loss / 3).backward()\n"),
    (
        STEP,
        "        if len(losses) % 3 == 2 or len(losses) == 7:\n            optimizer.step()\n"
        "            optimizer.zero_grad()\n",
    ),
]
_SCALED = [
    ("schedule = None\n", 'schedule = None\nscaler = torch.amp.GradScaler("cpu", init_scale=1024.0)\n'),
    ("schedule, raises", "schedule, scaler, raises"),
    (BACK, "        scaler.scale(loss).backward()\n"),
    (STEP, "        scaler.step(optimizer)\n        scaler.update()\n"),
]
_AVERAGED = [
    (MADE, MADE + "average = copy.deepcopy(model.state_dict())\n"),
    (
        STEP,
        STEP + "        for name, value in model.state_dict().items():\n            average[name].lerp_(value, 0.05)\n",
    ),
    (
        "    model.eval()\n",
        "    model.eval()\n    live = copy.deepcopy(model.state_dict())\n    model.load_state_dict(average)\n",
    ),
    ("    model.train()\n", "    model.load_state_dict(live)\n    model.train()\n"),
]
_HALVING = [("schedule = None\n", RATES.format("min(1.0, (t + 1) / 8)")), (STEP, TICK)]

UPDATES: dict[str, Twice] = {
    "RT101": (_HALVING, [("min(1.0, (t + 1) / 8)", "max(0.0, (t - 16) / 8)")]),
    "RT102": ([], [(STEP, "        if model[0].weight.grad.norm() > 1e9:\n            optimizer.step()\n")]),
    "RT103": ([], [(STEP, "        if len(losses) % 4 == 3:\n            optimizer.step()\n")]),
    "RT104": (_HALVING, [("(t + 1) / 8", "(t + 1) / 1e5")]),
    "RT105": ([("schedule = None\n", "schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4 * 8)\n"),
               ("schedule, raises", "schedule, plan=Plan(epochs=4), raises"), (STEP, TICK)],
              [("(optimizer, 4 * 8)", "(optimizer, 4)")]),
    "RT106": ([("schedule = None\n", RATES.format("0.99 ** t")),
               (STEP, "        if len(losses) % 3 != 1:\n            optimizer.step()\n            schedule.step()\n")],
              [("            schedule.step()", "        schedule.step()")]),
    "RT107": ([], [("        optimizer.zero_grad()\n", ""), (TOLD + UPDATE, ""),
                   ("    model.eval()\n", "    optimizer.zero_grad()\n    watch.loss(loss).backward()\n"
                                         "    optimizer.step()\n    model.eval()\n")]),
    "RT108": ([], [("train=sum(losses) / len(losses)", "train=losses[-1] / len(losses)")]),
    "RT109": (_WINDOWS, [(" or len(losses) == 7", "")]),
    "RT111": ([], [(STEP, "        optimizer.zero_grad()\n" + STEP)]),
    "RT112": ([], [("        optimizer.zero_grad()\n", "")]),
    "RT113": (_SCALED, [("scaler.scale(loss)", "scaler.scale(loss + (0 * output.sum()).sqrt())")]),
    "RT114": ([], [(LOSS, LOSS + "        loss = loss + 1e-3 * (0 * output).sqrt().mean()\n"),
                   (STEP, "        for p in model.parameters():\n"
                          "            p.grad = torch.nan_to_num(p.grad)\n" + STEP)]),
    "RT115": ([], [("Adam(model.parameters()", "Adam(model[2:].parameters()")]),
    "RT116": ([], [("Adam(model.parameters()", "Adam(copy.deepcopy(model).parameters()")]),
    "RT117": ([(MODEL, _NAMED), (MADE, _GROUPS),
               ("schedule, raises", 'schedule, plan=Plan(rates={"overhead": 1e-3, "head": 3e-3}), raises')],
              [('name.startswith("head.")', '"head" in name')]),
    "RT118": ([(MODEL, _FROZEN), ("schedule, raises", 'schedule, plan=Plan(frozen=("0", "1")), raises'),
               ("Adam(model.parameters()", "Adam(model[3:].parameters()"),
               (START, START + "    model[1].eval()\n")], [("    model[1].eval()\n", "")]),
    "RT119": (_TWO, [("0.1 * F.mse_loss(other", "0.0 * F.mse_loss(other")]),
    "RT120": (_AVERAGED, [("    model.load_state_dict(live)\n", "")]),
    "RT121": ([], [("output = model(inputs)\n", "output = model(inputs).detach()\n"),
                   (UPDATE, "        if loss.requires_grad:\n            loss.backward()\n" + STEP)]),
    "RT122": ([], [("output = model(inputs)\n", "output = model[2:](model[:2](inputs).detach())\n")]),
    "RT123": ([], [("F.mse_loss(output, targets)", "F.mse_loss(output.clamp(90, 100), targets)")]),
    "RT124": ([("Adam(model.parameters(), lr=3e-3", "SGD(model.parameters(), lr=1e-2"), (BACK, _CLIP)],
              [("model.parameters(), 1.0)", "model.parameters(), 1e-9)")]),
    "RT125": ([("Adam(model.parameters(), lr=3e-3", "SGD(model.parameters(), lr=1e-2"), (BACK, _CLIP)],
              [("model.parameters(), 1.0)", "model.parameters(), 1e-5)")]),
    "RT126": ([(MODEL, _DEEP)], [("act = nn.ReLU\n", "act = nn.Sigmoid\n")]),
    "RT127": ([(MODEL, _SINES)], [("_(layer.weight)\n", "_(layer.weight)\n        layer.weight.data.mul_(6.0)\n")]),
    "RT129": ([(MADE, 'optimizer = torch.optim.Adam([\n    {"params": model[:2].parameters(), "lr": 3e-3},\n'
                      '    {"params": model[2:].parameters(), "lr": 3e-3},\n])\n')],
              [('model[:2].parameters(), "lr": 3e-3', 'model[:2].parameters(), "lr": 0.0')]),
    "RT130": ([], [("lr=3e-3", "lr=3.0")]),
    "RT131": ([(MODEL, _LAYERS)], [("nn.ModuleList([nn.Linear(32, 32) for _ in range(2)])",
                                    "[nn.Linear(32, 32) for _ in range(2)]")]),
    "RT132": ([], [(MADE, "for p in model[:2].parameters():\n    p.requires_grad_(False)\n" + MADE)]),
    "RT133": ([], [(MADE, "for p in model.parameters():\n    nn.init.constant_(p, 0.1)\n" + MADE)]),
    "RT134": ([(MODEL, _DROPOUT)], [("    model.train()\n", "")]),
    "RT135": ([(MADE, MADE + "kept = copy.deepcopy(model[2].state_dict())\n")],
              [(STEP, STEP + "        model[2].load_state_dict(kept)\n")]),
    "RT139": ([(MODEL, _LAYERS)], [("self.norm(self.body(x))", "self.body(x)")]),
    "RT140": ([], [("        optimizer.zero_grad()\n",
                    "        " + MADE + "        optimizer.zero_grad()\n")]),
    "RT141": (_HALVING, [("        schedule.step()\n", "")]),
    "RT142": ([(EPOCHS, "range(24)")],
              [(BACK, "        if (epoch, len(losses)) == (9, 2):\n            loss = 1e7 * loss\n" + BACK)]),
    "RT143": ([("Adam(", "AdamW("), ("lr=3e-3", "lr=1e-2, weight_decay=0.1")],
              [("weight_decay=0.1", "weight_decay=30.0")]),
}  # fmt: skip
"""Code of a rule, what both programs differ in from the sound loop, and what breaks one of them."""
