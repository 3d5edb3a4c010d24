"""Kinds that a script may be written in many ways: each way is named, and the sound program that looks alike is not."""

import pytest

from trainlint.before.source.checking import check_source

HEAD = """
import json
import math
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
x = torch.randn(320, 6)
y = x[:, :1] * 2
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters(), 1e-3)
"""
LOOP = """
for epoch in range(9):
    for rows in torch.randperm(320).split(32):
        opt.zero_grad()
        loss = {loss}
        loss.backward()
        opt.step()
"""
MSE = LOOP.format(loss="F.mse_loss(model(x[rows]), y[rows])")


def codes(text: str) -> list[str]:
    return [f.code for f in check_source(HEAD + text)]


def trained(loss: str, before: str = "") -> str:
    return before + LOOP.format(loss=loss)


RESUME = "state = torch.load('last.pt')\nmodel.load_state_dict(state['net'])\n"
FROM = MSE.replace("range(9)", "range(start, 9)")
BEST = MSE + "    val_loss = F.mse_loss(model(x), y).item()\n    if {test}:\n        best = val_loss\n"
SETS = """
def toy(n, seed=0):
    draw = np.random.default_rng(seed)
    return TensorDataset(torch.tensor(draw.normal(size=(n, 6))))
"""
BATCH = """
def batch():
    return next(iter(loader))
for step in range(90):
    a, b = batch()
    opt.zero_grad()
    F.mse_loss(model(a), b).backward()
    opt.step()
"""
NOISY = """
class Noisy(torch.utils.data.Dataset):
    def __init__(self):
        self.draw = {draw}
    def __len__(self):
        return 320
    def __getitem__(self, i):
        return x[i] + torch.from_numpy(self.draw.normal(size=6)), y[i]
for a, b in DataLoader(Noisy(), 32, shuffle=True, num_workers={workers}):
    opt.zero_grad()
    F.mse_loss(model(a), b).backward()
    opt.step()
"""
GUARDED = "if start:\n    model.load_state_dict(torch.load('last.pt'))\n{more}" + MSE.replace(
    "range(9)", "range(start, 9)"
)
ATTENTION = """
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.q, self.k, self.v = nn.Embedding(9, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 9)
    def forward(self, s):
        h = self.e(s)
        return torch.softmax(self.q(h) @ self.k(h).transpose(1, 2) / 8**0.5, dim={dim}) @ self.v(h)
model = Attention()
opt = torch.optim.Adam(model.parameters(), 1e-3)
for step in range(90):
    s = torch.randint(0, 9, (32, 6))
    opt.zero_grad()
    F.cross_entropy(model(s).transpose(1, 2), s.flip(1)).backward()
    opt.step()
"""
EXPERTS = """
parts = nn.ModuleList([nn.Linear(6, 1), nn.Linear(6, 1)])
opt = torch.optim.Adam(parts.parameters(), 1e-3)
for epoch in range(9):
    out = torch.zeros(320, 1)
    for part in parts:
        rows = torch.randperm(320)[:50]
        out.index_add_(0, rows, part(x[rows]))
    opt.zero_grad()
    F.mse_loss(out, y).backward()
    opt.step()
"""
BY_HAND = """
share = nn.Parameter(torch.ones(1))
other = torch.optim.Adam([share], 1e-2)
""" + LOOP.format(loss="(share.detach() * F.mse_loss(model(x[rows]), y[rows])).sum()").replace(
    "        opt.step()\n",
    "        grown = torch.autograd.grad((share * loss.detach() - 1).abs().sum(), share)\n"
    "        share.grad = grown[0]\n        opt.step()\n        other.step()\n        other.zero_grad()\n",
)
POLICY = """
dist = torch.distributions.Categorical(logits=model(x))
act = dist.sample()
"""
BROKEN = [
    ("RT657", "best = 0.0\n" + MSE + "    top = y.mean().item() >= best\n    if top:\n"
     "        torch.save(model, 'b.pt')\n"),
    ("RT658", "loader = DataLoader(TensorDataset(x, y), 32)" + BATCH),
    ("RT658", "loader = DataLoader(TensorDataset(x, y), 32, shuffle=False)" + BATCH),
    ("RT659", NOISY.format(draw="np.random.default_rng(0)", workers=2)),
    ("RT659", NOISY.format(draw="np.random.RandomState()", workers=4)),
    ("RT668", GUARDED.format(more="")),
    ("RT648", ATTENTION.format(dim=0)),
    ("RT666", trained("F.mse_loss(model(x[rows]), torch.cos(heading_deg[rows]))", "heading_deg = torch.rand(320)\n")),
    ("RT666", "tilt_degrees = 12.0\nz = math.sin(tilt_degrees)\n" + MSE),
    ("RT666", "rows = json.load(open('a.json'))\nz = np.tan(rows['azimuth_deg'])\n" + MSE),
    ("RT667", trained("F.mse_loss(model(t[rows]), y[rows])", "t = torch.tensor(np.load('t.npy'))\ny = t[:, 5]\n")),
    ("RT667", "x[:, 5] = y[:, 0]\n" + trained("F.l1_loss(model(x[rows]), x[:, -1:][rows])")),
    ("RT668", RESUME + "start = state['epoch'] + 1\n" + FROM),
    ("RT668", RESUME + "start, best = state.get('epoch', 0), state['best']\nstart = state['epoch']\n" + FROM),
    ("RT668", RESUME.replace("state[", "torch.load(opts.init)[") + "start = state['epoch']\n" + FROM),
    ("RT657", "best = float('-inf')\n" + BEST.format(test="val_loss < best")),
    ("RT657", "best = 0\n" + BEST.format(test="best > val_loss")),
    ("RT657", "best = float('inf')\n" + BEST.format(test="val_loss > best")),
    ("RT671", "cfg = json.load(open('a.json')) \ncfg = cfg | DEFAULTS\n" + MSE),
    ("RT671", "cfg = dict(chosen, **default_config)\n" + MSE),
    ("RT672", trained("F.mse_loss(wide(x[rows])[:, 1], x[rows, 0])", "wide = nn.Linear(6, 4)\n")),
    ("RT640", trained("F.cosine_similarity(wide(x[rows]), x[rows]).mean()", "wide = nn.Linear(6, 6)\n"
     "opt = torch.optim.Adam(wide.parameters(), 1e-3)\n")),
    ("RT640", trained("(dist.log_prob(act) * returns).sum()", POLICY + "returns = torch.rand(320)\n")),
    ("RT654", SETS + "train_set = toy(400)\ntest_set = toy(100)\n" + MSE),
    ("RT654", SETS + "train = toy(400, seed=7)\nval = toy(n=100, seed=7)\n" + MSE),
    ("RT627", "s = torch.optim.lr_scheduler.LambdaLR(opt, lambda n: min(1.0, (n + 1) / 4000))\n"
     + trained("F.mse_loss(model(x), y)").replace("for rows in torch.randperm(320).split(32)", "for k in range(20)")
     + "        s.step()\n"),
    ("RT612", "for epoch in range(9):\n    for a, b in DataLoader(TensorDataset(x, y), 32):\n"
     "        out = model(a)\n    loss = F.mse_loss(out, b)\n    opt.zero_grad()\n    loss.backward()\n"
     "    opt.step()\n"),
    ("RT653", "labels = torch.arange(320) // 40\nloader = DataLoader(TensorDataset(x, labels), 32, shuffle=False)\n"
     "for epoch in range(9):\n    for a, b in loader:\n        opt.zero_grad()\n"
     "        F.cross_entropy(model(a), b).backward()\n        opt.step()\n"),
]  # fmt: skip
SOUND = [
    "best = 0.0\n" + MSE + "    top = y.mean().item() >= best\n    best = max(best, y.mean().item())\n"
    "    if top:\n        torch.save(model, 'b.pt')\n",
    "loader = DataLoader(TensorDataset(x, y), 32, shuffle=True)" + BATCH,
    "loader = DataLoader(TensorDataset(x, y), len(x))" + BATCH,
    NOISY.format(draw="np.random.default_rng(0)", workers=0),
    NOISY.format(draw="np.random.default_rng(0)", workers="2, worker_init_fn=lambda n: np.random.seed(n)"),
    ATTENTION.format(dim=-1),
    GUARDED.format(more="    opt.load_state_dict(torch.load('opt.pt'))\n"),
    trained("F.mse_loss(model(x[rows]), x[rows][:, :1])"),
    trained("F.mse_loss(model(t[rows, :5]), t[rows, 5])", "t = torch.tensor(np.load('t.npy'))\n"),
    trained("F.mse_loss(model(x[rows]), torch.cos(torch.deg2rad(a_deg[rows])))", "a_deg = torch.rand(320)\n"),
    "z = torch.sin(heading_deg * math.pi / 180)\n" + MSE,
    trained("F.l1_loss(model(x[:, :5][rows]), x[:, -1:][rows])"),
    trained("F.mse_loss(auto(x[rows]), x[rows])", "auto = nn.Linear(6, 6)\n"),
    RESUME + MSE,
    RESUME + "opt.load_state_dict(state['opt'])\nstart = state['epoch']\n" + FROM,
    RESUME + "o, s = build()\no.load_state_dict(state['opt'])\nstart = state['epoch']\n" + FROM,
    (RESUME + "opt.load_state_dict(state[1])\nstart = state['epoch']\n" + FROM).replace("opt", "adam"),
    "best = float('inf')\n" + BEST.format(test="val_loss < best"),
    "best = 0.0\nval_acc = 0.5\n" + BEST.format(test="val_acc > best"),
    "best = 0.0\n# an ELBO may be negative\n" + BEST.format(test="val_loss < best"),
    "cfg = {**DEFAULTS, **chosen}\n" + MSE,
    trained("F.mse_loss(wide(x[rows])[:, 0], x[rows, 0]) + wide(x[rows])[:, 1].mean()", "wide = nn.Linear(6, 2)\n"),
    trained("1 - F.cosine_similarity(wide(x[rows]), x[rows]).mean()", "wide = nn.Linear(6, 6)\n"),
    trained("F.cosine_similarity(model(x[rows]), model(x[rows] + 1)).mean()"),
    trained("-(dist.log_prob(act) * returns).sum()", POLICY + "returns = torch.rand(320)\n"),
    trained("(dist.log_prob(act) * adv).sum()", POLICY + "reward = torch.rand(320)\nadv = 0.5 - reward\n"),
    trained("(dist.log_prob(act) * cost).sum()", POLICY + "cost = torch.rand(320)\n"),
    SETS + "train_set = toy(400, 1)\ntest_set = toy(100, 2)\n" + MSE,
    trained("-F.log_softmax(wide(x[rows]), -1).gather(1, k).mean()", "wide = nn.Linear(6, 3)\nk = y[rows]\n"),
]  # fmt: skip
NAMED = {"RT640", "RT644", "RT648", "RT654", "RT657", "RT658", "RT659", "RT666", "RT667", "RT668", "RT671", "RT672"}

ATTACK = """
def attacked(x, y):
    net.eval()
    shift = torch.zeros_like(x).requires_grad_(True)
    grown, = torch.autograd.grad(F.mse_loss(net(x + shift), y), shift)
    net.train()
    return x + 0.1 * grown.sign()

net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters(), 1e-3)
for epoch in range(9):
    for rows in torch.randperm(320).split(32):
        harder = attacked(x[rows], y[rows])
        opt.zero_grad()
        F.mse_loss(net(harder), y[rows]).backward()
        opt.step()
    {after}
"""


@pytest.mark.parametrize("after", ["pass", "net.eval()"])
def test_a_pass_in_eval_mode_whose_mode_is_set_back_before_backward_is_no_training(after: str) -> None:
    assert "RT652" not in codes(ATTACK.format(after=after))


def test_the_same_pass_without_setting_back_trains_in_eval_mode() -> None:
    plain = ATTACK.format(after="net.eval()").replace("attacked(x[rows], y[rows])", "x[rows]")
    assert "RT652" in codes(plain)


NOAM = """
opt = torch.optim.Adam(model.parameters(), {rate})
s = torch.optim.lr_scheduler.LambdaLR(opt, lambda n: 0.1 * min((n + 1) ** -0.5, (n + 1) * {warmup} ** -1.5))
for step in range(400):
    opt.zero_grad()
    F.mse_loss(model(x), y).backward()
    opt.step()
    s.step()
"""


@pytest.mark.parametrize(("rate", "warmup", "found"), [(1.0, 100, False), (1.0, 40_000, True), (1e-3, 100, True)])
def test_a_factor_of_the_rate_one_is_the_rate_itself(rate: float, warmup: int, found: bool) -> None:
    assert ("RT627" in codes(NOAM.format(rate=rate, warmup=warmup))) is found


@pytest.mark.parametrize(("code", "text"), BROKEN, ids=[f"{c}-{n}" for n, (c, _) in enumerate(BROKEN)])
def test_each_way_is_named(code: str, text: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize("text", SOUND, ids=range(len(SOUND)))
def test_what_looks_alike_and_is_sound_is_left_alone(text: str) -> None:
    assert not set(codes(text)) & NAMED


@pytest.mark.parametrize("text", [EXPERTS, BY_HAND])
def test_a_part_of_a_tensor_and_a_gradient_by_hand_are_ways_to_learn(text: str) -> None:
    assert not set(codes(text)) & {"RT616", "RT630", "RT636"}


ASIDE = "x_train, x_val = x[:240], x[240:]\n"
MASKS = "train_mask = torch.arange(320) < 240\nval_mask = ~train_mask\n"
JUDGED = "    with torch.no_grad():\n        print(F.mse_loss(model({0}), {0}[:, :1]).item())\n"
OWN = LOOP.format(loss="F.mse_loss(model(x_train[rows % 240]), y[rows % 240])")
SETAPART = {
    "inverted mask": (MASKS + trained("F.mse_loss(model(x)[~train_mask], y[~train_mask])"), True),
    "mask": (MASKS + trained("F.mse_loss(model(x)[train_mask], y[train_mask])"), False),
    "mask of the held-out": (MASKS + trained("F.mse_loss(model(x)[val_mask], y[val_mask])"), True),
    "mask of what is valid": (MASKS + trained("F.mse_loss(model(x)[valid_mask], y[valid_mask])"), False),
    "judged on the rest": (ASIDE + OWN + JUDGED.format("x_val"), False),
    "judged on the trained": (ASIDE + OWN + JUDGED.format("x_train"), True),
    "judged on both": (ASIDE + OWN + JUDGED.format("x_train") + JUDGED.format("x_val"), False),
    "not judged": (ASIDE + OWN, False),
    "loader of the held-out": (
        "val_loader = DataLoader(TensorDataset(x, y), 32)\n"
        "for a, b in val_loader:\n    opt.zero_grad()\n    F.mse_loss(model(a), b).backward()\n    opt.step()\n",
        True,
    ),
    "two samplers": (
        "from torch.utils.data import SubsetRandomSampler as Part\nds = TensorDataset(x, y)\n"
        "train_loader = DataLoader(ds, 32, sampler=Part(range(240)))\n"
        "val_loader = DataLoader(ds, 32, sampler=Part(range(240, 320)))\n"
        "for a, b in train_loader:\n    opt.zero_grad()\n    F.mse_loss(model(a), b).backward()\n    opt.step()\n",
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SETAPART)
def test_what_is_held_out_is_left_out_and_judged_on(kind: str) -> None:
    text, told = SETAPART[kind]
    assert ("RT654" in codes(text)) is told


@pytest.mark.parametrize(("line", "told"), [("torch.manual_seed(1234)", True), ("torch.manual_seed(i)", False)])
def test_one_seed_for_all_samples_is_told(line: str, told: bool) -> None:
    body = f"    def __getitem__(self, i):\n        {line}\n        return x[i] + torch.randn(6), y[i]\n"
    assert ("RT659" in codes(f"class Noisy(torch.utils.data.Dataset):\n{body}{MSE}")) is told
