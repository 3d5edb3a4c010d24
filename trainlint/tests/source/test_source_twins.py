"""Kinds of scripts that a fresh reader wrote: the broken one is named, its sound twin is left alone."""

import pytest

from trainlint.before.source.checking import check_source

HEAD = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from torch.distributions import Bernoulli, Normal, kl_divergence
"""
LOOP = """
opt = torch.optim.Adam(model.parameters(), 1e-3)
for epoch in range(20):
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
"""

BOUND = """
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Linear(8, 4), nn.Linear(2, 8)
    def bound(self, x):
        mu, scale = self.enc(x).chunk(2, dim=-1)
        q = Normal(mu, scale.exp())
        likely = Bernoulli(logits=self.dec(q.rsample())).log_prob(x).sum(-1)
        return (likely - kl_divergence(q, Normal(0.0, 1.0)).sum(-1)).mean()
model = VAE()
opt = torch.optim.Adam(model.parameters(), 1e-3)
for x in DataLoader(torch.rand(64, 8), batch_size=8, shuffle=True):
    opt.zero_grad()
    loss = {sign}model.bound(x)
    loss.backward()
    opt.step()
"""

VECTOR = """
x = torch.randn(500, 13)
y = x @ torch.randn({width}) + 0.1 * torch.randn({noise})
train, rest = random_split(TensorDataset(x, y), [400, 100])
loader = DataLoader(train, batch_size=50, shuffle=True)
model = nn.Sequential(nn.Linear(13, 8), nn.ReLU(), nn.Linear(8, 1))
""" + LOOP  # fmt: skip

KEPT = """
class Stop:
    def __init__(self):
        self.best, self.state = 1e9, None
    def see(self, value, model):
        if value < self.best:
            self.best, self.state = value, {state}
loader = DataLoader(TensorDataset(torch.randn(64, 3), torch.randn(64, 1)), batch_size=8, shuffle=True)
model, stop = nn.Linear(3, 1), Stop()
""" + LOOP + """
    stop.see(loss.item(), model)
model.load_state_dict(stop.state)
"""  # fmt: skip

MILESTONES = """
class Learner:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), 0.1)
        self.sched = torch.optim.lr_scheduler.MultiStepLR(self.opt, milestones={milestones})
    def batch(self, x, y):
        loss = nn.functional.mse_loss(self.model(x), y)
        loss.backward()
        self.opt.step()
        self.sched.step()
        self.opt.zero_grad()
        return loss.item()
loader = DataLoader(TensorDataset(torch.randn(64, 3), torch.randn(64, 1)), batch_size=8, shuffle=True)
learner = Learner(nn.Linear(3, 1))
for epoch in range(90):
    losses = [learner.batch(x, y) for x, y in loader]
"""

DATA = """
class Data:
    def __init__(self):
        self.train, self.val = random_split(TensorDataset(torch.randn(80, 3), torch.randn(80, 1)), [60, 20])
    def train_dataloader(self):
        return DataLoader(self.train, batch_size=10, shuffle=True)
    def val_dataloader(self):
        return DataLoader(self.{held}, batch_size=10)
data, model = Data(), nn.Linear(3, 1)
loader = data.train_dataloader()
""" + LOOP + """
    with torch.no_grad():
        print(sum(nn.functional.mse_loss(model(x), y) for x, y in data.val_dataloader()))
"""  # fmt: skip

WINDOW = """
x = torch.randn(1003, 3)
loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=16, shuffle=True)
model = nn.Linear(3, 1)
opt = torch.optim.Adam(model.parameters(), 1e-3)
for epoch in range(3):
    opt.zero_grad()
    for i, (x, y) in enumerate(loader, 1):
        (nn.functional.mse_loss(model(x), y) / 4).backward()
        if i % 4 == 0{last}:
            opt.step()
            opt.zero_grad()
"""

RATE = """
loader = DataLoader(TensorDataset(torch.randn(64, 3), torch.randn(64, 1)), batch_size=8, shuffle=True)
model = nn.Linear(3, 1)
opt = torch.optim.Adam(model.parameters(), 1e-3)
for epoch in range(20):
    {halved} = 1e-3 * 0.5 ** epoch
    for x, y in loader:
        opt.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        opt.step()
"""

TWINS = {
    "likelihood": (BOUND, "RT640", {"sign": ""}, {"sign": "-"}),
    "vector": (VECTOR, "RT644", {"width": "13", "noise": "500"}, {"width": "13, 1", "noise": "500, 1"}),
    "kept": (
        KEPT,
        "RT656",
        {"state": "model.state_dict()"},
        {"state": "{k: v.clone() for k, v in model.state_dict().items()}"},
    ),
    "milestones": (MILESTONES, "RT626", {"milestones": "[30, 60]"}, {"milestones": "[300, 600]"}),
    "held out": (DATA, "RT654", {"held": "train"}, {"held": "val"}),
    "rate": (RATE, "RT619", {"halved": "opt.lr"}, {"halved": "opt.param_groups[0]['lr']"}),
    "window": (WINDOW, "RT624", {"last": ""}, {"last": " or i == len(loader)"}),
}


@pytest.mark.parametrize("kind", TWINS)
def test_the_broken_twin_is_named_and_the_sound_one_is_not(kind: str):
    text, code, broken, sound = TWINS[kind]
    assert [f.code for f in check_source(HEAD + text.format(**broken))] == [code]
    assert [f.code for f in check_source(HEAD + text.format(**sound))] == []


def test_gradients_may_be_kept_from_epoch_to_epoch():
    inside = "for epoch in range(3):\n    opt.zero_grad()\n"
    assert (
        check_source(HEAD + WINDOW.format(last="").replace(inside, "opt.zero_grad()\nfor epoch in range(3):\n")) == []
    )


def test_a_tensor_of_either_way_is_indexed_as_both():
    text = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.mid, self.last = nn.Linear(3, 8), nn.Linear(8, 8), nn.Linear(8, 1)
    def forward(self, x):
        x = self.first(x)
        x = torch.utils.checkpoint.checkpoint(self.mid, x) if self.training else self.mid(x)
        return self.last(x[:, :8])
loader = DataLoader(TensorDataset(torch.randn(64, 3), torch.randn(64, 1)), batch_size=8, shuffle=True)
model = Net()
"""
    assert check_source(HEAD + text + LOOP) == []


def test_a_new_head_of_a_model_of_another_library_feeds_the_loss():
    text = """
from torchvision.models import resnet18
model = resnet18()
model.fc = nn.Linear(512, 7)
loader = DataLoader(TensorDataset(torch.randn(64, 3), torch.randn(64, 7)), batch_size=8, shuffle=True)
"""
    groups = LOOP.replace("model.parameters()", '[{"params": model.fc.parameters(), "lr": 0.1}]')
    assert check_source(HEAD + text + groups) == []
