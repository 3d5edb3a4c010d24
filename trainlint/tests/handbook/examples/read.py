"""One sound script, and the change that breaks it in the way of each rule of the source."""

SOUND = """
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

class Net(nn.Module):
    def __init__(self, width=16, classes=3):
        super().__init__()
        self.first = nn.Linear(8, width)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(0.1)
        self.last = nn.Linear(width, classes)

    def forward(self, x):
        hidden = F.relu(self.norm(self.first(x)))
        return self.last(self.drop(hidden))

def evaluate(model, loader):
    model.eval()
    right = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(dim=1) == y).sum().item()
    return right

def main(epochs=5):
    x, y = torch.load("x.pt"), torch.load("y.pt")
    train_loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    val_loader = DataLoader(TensorDataset(torch.load("vx.pt"), torch.load("vy.pt")), batch_size=32)
    model = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    best = 0
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for i, (x, y) in enumerate(train_loader):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item()
        scheduler.step()
        score = evaluate(model, val_loader)
        if score > best:
            best = score
            torch.save(model.state_dict(), "best.pt")
        print(epoch, total / len(train_loader), score)

if __name__ == "__main__":
    main()
"""
"""A classifier as a careful user would write it."""

LOOP = """            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
"""

CLIP = "            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"
STEP = "            optimizer.step()\n"
BEST = "    best = 0\n"
LAST = "        return self.last"

CHANGES: dict[str, list[tuple[str, str]]] = {
    "RT601": [("            optimizer.step()", "            optimizer.step")],
    "RT602": [("            optimizer.zero_grad()\n", "")],
    "RT603": [(CLIP, "            optimizer.zero_grad()\n" + CLIP)],
    "RT604": [("            optimizer.step()\n", "")],
    "RT605": [("            loss.backward()\n", ""), (CLIP, "")],
    "RT606": [(LOOP, """            loss = criterion(model(x), y)
            loss.backward()
            if (i + 1) % 4 == 0:
                optimizer.step()
                optimizer.zero_grad()
""")],
    "RT607": [(LOOP, """            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
""")],
    "RT608": [("model.parameters(), 1.0)", "model.parameters(), 1e-7)")],
    "RT609": [
        ("    best = 0\n", "    best = 0\n    scaler = torch.amp.GradScaler()\n"),
        ("loss.backward()", "scaler.scale(loss).backward()"),
        ("optimizer.step()", "scaler.step(optimizer)\n            scaler.update()"),
    ],
    "RT610": [
        ("    best = 0\n", "    best = 0\n    scaler = torch.cuda.amp.GradScaler()\n"),
        ("loss.backward()", "scaler.scale(loss).backward()\n            scaler.unscale_(optimizer)"),
        ("optimizer.step()", "scaler.step(optimizer)"),
    ],
    "RT611": [
        ("    best = 0\n", "    best = 0\n    scaler = torch.amp.GradScaler()\n"),
        ("loss.backward()", "scaler.scale(loss).backward()"),
    ],
    "RT612": [(LOOP + "            total += loss.item()\n", """            loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
""")],
    "RT613": [("lr=1e-3", "lr=0.0")],
    "RT614": [("nn.Dropout(0.1)", "nn.Dropout(0.99)")],
    "RT615": [("    best = 0\n", "    best = 0\n    model.last = nn.Linear(16, 5)\n")],
    "RT616": [("Adam(model.parameters()", "Adam(Net().parameters()")],
    "RT617": [("Adam(model.parameters()", "Adam(model.last.parameters()")],
    "RT618": [("    best = 0\n", "    best = 0\n    for p in model.parameters():\n        p.requires_grad = False\n")],
    "RT619": [(BEST, BEST + "    for p in model.first.parameters():\n        p.require_grad = False\n")],
    "RT620": [("model = Net()", "model = Net().half()")],
    "RT621": [(CLIP, """            for p in model.parameters():
                p.grad = torch.nan_to_num(p.grad)
""")],
    "RT625": [("        scheduler.step()\n", "")],
    "RT626": [("        scheduler.step()\n", ""), (STEP, STEP + "            scheduler.step()\n")],
    "RT627": [("CosineAnnealingLR(optimizer, T_max=epochs)", "LambdaLR(optimizer, lambda e: min(1.0, e / 3))")],
    "RT628": [
        ("CosineAnnealingLR(optimizer, T_max=epochs)", "ReduceLROnPlateau(optimizer, mode='max')"),
        ("scheduler.step()", "train_loss = total\n        scheduler.step(train_loss)"),
    ],
    "RT630": [("self.norm(self.first(x))", "self.norm(self.first(x).detach())")],
    "RT631": [("return self.last(self.drop(hidden))", "return self.last(hidden)")],
    "RT632": [
        ("        self.drop =", "        self.more = [nn.Linear(width, width) for _ in range(2)]\n        self.drop ="),
        (LAST, "        for layer in self.more:\n            hidden = layer(hidden)\n" + LAST),
    ],
    "RT633": [("        self.drop = nn.Dropout(0.1)\n", ""), ("self.drop(hidden)", "F.dropout(hidden, 0.1)")],
    "RT634": [("self.last(self.drop(hidden))", "self.last(nn.Linear(16, 16)(self.drop(hidden)))")],
    "RT635": [
        ("        self.drop =", "        self.gain = nn.Parameter(torch.ones(1)).to('cpu')\n        self.drop ="),
        ("self.drop(hidden)", "self.drop(hidden * self.gain)"),
    ],
    "RT636": [
        ("        self.drop =", "        self.aux = nn.Linear(width, 2)\n        self.drop ="),
        ("return self.last(self.drop(hidden))", "return self.last(self.drop(hidden)), self.aux(hidden)"),
        ("criterion(model(x), y)", "criterion(model(x)[0], y)"),
        ("model(x).argmax", "model(x)[0].argmax"),
    ],
    "RT637": [("    best = 0\n", """    best = 0
    for m in model.modules():
        if isinstance(m, nn.Linear):
            nn.init.constant_(m.weight, 0.0)
""")],
    "RT640": [("loss = criterion(model(x), y)", "loss = -criterion(model(x), y)")],
    "RT641": [("nn.CrossEntropyLoss()", "nn.CrossEntropyLoss(reduction='sum')")],
    "RT642": [("return self.last(self.drop(hidden))", "return F.softmax(self.last(self.drop(hidden)), dim=1)")],
    "RT643": [("nn.CrossEntropyLoss()", "nn.NLLLoss()")],
    "RT644": [
        ('x, y = torch.load("x.pt"), torch.load("y.pt")', "x, y = torch.randn(99, 8), torch.randn(99)"),
        ("nn.CrossEntropyLoss()", "nn.MSELoss()"),
        ("classes=3", "classes=1"),
    ],
    "RT645": [("criterion(model(x), y)", "criterion(y, model(x))")],
    "RT646": [("loss = criterion(model(x), y)", "loss = 0.0 * criterion(model(x), y)")],
    "RT647": [("total += loss.item()", "total += loss")],
    "RT648": [
        ('x, y = torch.load("x.pt"), torch.load("y.pt")', "x, y = torch.randn(99, 8), torch.randint(0, 3, (99,))"),
        ("nn.CrossEntropyLoss()", "nn.NLLLoss()"),
        ("return self.last(self.drop(hidden))", "return F.log_softmax(self.last(self.drop(hidden)), dim=0)"),
    ],
    "RT650": [("    with torch.no_grad():\n", "    if True:\n")],
    "RT651": [("    model.eval()\n", "")],
    "RT652": [("        model.train()\n", ""), ("    for epoch in", "    model.train()\n    for epoch in")],
    "RT653": [(", shuffle=True", "")],
    "RT654": [
        ("    model = Net()\n", "    model = Net()\n    val_loader = train_loader\n"),
    ],
    "RT655": [("TensorDataset(x, y)", "TensorDataset(x[torch.randperm(99)], y[torch.randperm(99)])")],
    "RT656": [
        ('torch.save(model.state_dict(), "best.pt")', "kept = model.state_dict()"),
        ("        print(epoch, total / len(train_loader), score)\n", "    model.load_state_dict(kept)\n"),
    ],
    "RT657": [("            best = score\n", "")],
    "RT658": [("            total += loss.item()\n", "            total += loss.item()\n            break\n")],
    "RT659": [("        model.train()\n", "        model.train()\n        torch.manual_seed(0)\n")],
    "RT660": [
        ('x, y = torch.load("x.pt"), torch.load("y.pt")', "x, y = torch.randn(20, 8), torch.randn(20)"),
        ("shuffle=True", "shuffle=True, drop_last=True"),
    ],
    "RT622": [("        model.train()\n", """        if epoch < 2:
            for p in model.first.parameters():
                p.requires_grad = False
        model.train()
""")],
    "RT623": [
        ("    best = 0\n", """    best = 0
    from accelerate import Accelerator
    accelerator = Accelerator(gradient_accumulation_steps=4)
"""),
        (LOOP, """            with accelerator.accumulate(model):
                loss = criterion(model(x), y)
                accelerator.backward(loss / 4)
                optimizer.step()
                optimizer.zero_grad()
"""),
    ],
    "RT624": [
        ('x, y = torch.load("x.pt"), torch.load("y.pt")', "x, y = torch.randn(320, 8), torch.randint(0, 3, (320,))"),
        ("        total = 0.0\n", "        total = 0.0\n        optimizer.zero_grad()\n"),
        (LOOP, """            loss = criterion(model(x), y) / 4
            loss.backward()
            if (i + 1) % 4 == 0:
                optimizer.step()
                optimizer.zero_grad()
"""),
    ],
    "RT664": [("criterion(model(x), y)", "criterion(model(x), torch.zeros_like(y))")],
    "RT665": [("        total = 0.0\n", "        total = 0.0\n        model.last.reset_parameters()\n")],
    "RT666": [("criterion(model(x), y)", "criterion(model(x * torch.sin(angle_deg)[i]), y)"),
              ("    best = 0\n", "    best, angle_deg = 0, torch.load('a.pt')\n")],
    "RT667": [
        ('x, y = torch.load("x.pt"), torch.load("y.pt")',
         "table = torch.tensor(numpy.load('t.npy'))\n    x, y = table, table[:, -1].long()"),
    ],
    "RT668": [
        ("    best = 0\n", """    best = 0
    state = torch.load('last.pt')
    model.load_state_dict(state['model'])
    start = state['epoch']
"""),
        ("in range(epochs)", "in range(start, epochs)"),
    ],
    "RT669": [("nn.Linear(8, width)", "nn.Linear(8, 16)"), ("nn.BatchNorm1d(width)", "nn.BatchNorm1d(16)"),
              ("nn.Linear(width, classes)", "nn.Linear(16, classes)"),
              ("model = Net()", "model = Net(width=epochs * 8)")],
    "RT670": [("        score = evaluate(model, val_loader)\n", """        try:
            score = evaluate(model, val_loader)
        except Exception:
            score = 0.0
""")],
    "RT671": [("    best = 0\n", "    best = 0\n    config = {**vars(args), **DEFAULTS}\n")],
    "RT672": [("criterion(model(x), y)", "F.mse_loss(model(x)[:, 0], y)"),
              ('x, y = torch.load("x.pt")', 'x, y = torch.randn(320, 8)')],
    "RT661": [("total += loss.item()", "total += loss.item() * x.size(0)")],
    "RT662": [
        ("    for epoch in", "    sample, _ = next(iter(train_loader))\n    for epoch in"),
        ("criterion(model(x), y)", "criterion(model(sample), y)"),
    ],
    "RT663": [
        ("    for epoch in", "    ema = ExponentialMovingAverage(model.parameters(), decay=0.9)\n    for epoch in"),
        ("import copy\n", "import copy\nfrom torch_ema import ExponentialMovingAverage\n"),
        ("        score =", "        ema.copy_to(model.parameters())\n        score ="),
    ],
}  # fmt: skip
"""Code of a rule, and the replacements that bring it about in the sound script."""


def broken(code: str) -> str:
    """The script that breaks the rule of this code.

    Args:
        code: such as `RT601`.
    """
    text = SOUND
    for old, new in CHANGES[code]:
        assert old in text, (code, old)
        text = text.replace(old, new)
    return text
