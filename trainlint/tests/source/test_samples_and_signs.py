"""Are padding, ends of episodes, adapted weights, quantiles and the order of samples read as they are meant?"""

import pytest

from trainlint.before.source.checking import check_source

_TAGS = """
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
net = nn.Sequential(nn.Embedding(40, 8), nn.Linear(8, 6))
opt = torch.optim.Adam(net.parameters(), 1e-3)
loss_of = nn.CrossEntropyLoss({given})
rows = [torch.randint(1, 40, (n,)) for n in range(3, 30)]
for start in range(0, 27, 9):
    words = pad_sequence(rows[start:start + 9], True)
    tags = pad_sequence([r % 6 for r in rows[start:start + 9]], True, {fill})
    opt.zero_grad()
    loss_of({out}, {tags}).backward()
    opt.step()
"""
_ALL, _FLAT = "net(words).reshape(-1, 6)", "tags.view(-1)"
_CRITIC = """
import random, torch
from torch import nn
critic, slow = nn.Linear(5, 2), nn.Linear(5, 2)
opt = torch.optim.Adam(critic.parameters(), 1e-3)
discount = 0.9
def learn(memory):
    state, move, gain, after, done = zip(*random.sample(memory, 32))
    {ready}
    aim = torch.tensor(gain) + discount * {rest}slow(torch.stack(after)).amax(1).detach()
    own = critic(torch.stack(state))[torch.arange(32), torch.tensor(move)]
    opt.zero_grad()
    (own - aim).abs().mean().backward()
    opt.step()
"""
_META = """
import torch
from torch import nn
from torch.func import functional_call
net = nn.Linear(3, 1)
opt = torch.optim.Adam(net.parameters(), 1e-3)
def inner(model, x, y):
    w = dict(model.named_parameters())
    d = torch.autograd.grad((functional_call(model, w, (x,)) - y).abs().mean(), tuple(w.values()), create_graph=True)
    return {{k: v - 0.2 * g for (k, v), g in zip(w.items(), d)}}
for task in range(40):
    x, y = torch.randn(10, 3), torch.randn(10, 1)
    near = inner(net, x, y)
    cost = ({used} - y).abs().mean()
    opt.zero_grad()
    cost.backward()
    opt.step()
"""
_QUANTILES = """
import torch
from torch import nn
net = nn.Linear(4, 1)
opt = torch.optim.Adam(net.parameters(), 1e-3)
tau = {tau}
x, y = torch.randn(80, 4), torch.randn(80)
for _ in range(100):
    out = net(x)[:, 0]
    miss = {miss}
    opt.zero_grad()
    {larger}.mean().backward()
    opt.step()
"""
_TWO = "torch.max((tau - 1) * miss, tau * miss)"
_GALLERY = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
net = nn.Linear(6, 3)
opt = torch.optim.Adam(net.parameters(), 1e-3)
known = TensorDataset(torch.randn(50, 6), torch.randint(0, 3, (50,)))
def score():
    got = torch.cat([net(a) for a, {b} in DataLoader(known, 10, shuffle={mixed})])
    return {labels}
for a, b in DataLoader(known, 10, shuffle=True):
    opt.zero_grad()
    nn.functional.cross_entropy(net(a), b).backward()
    opt.step()
"""
_RARE = """
import torch
from torch import nn
from sklearn.model_selection import train_test_split
from imblearn.over_sampling import SMOTE
net = nn.Linear(6, 1)
opt = torch.optim.Adam(net.parameters(), 1e-3)
{lines}
for _ in range(20):
    opt.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(net(xa)[:, 0], ya).backward()
    opt.step()
"""
_COMPARED = "(got.argmax(1) == known.tensors[1]).float().mean()"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (_TAGS.format(given="", fill=0, out=_ALL, tags=_FLAT), "RT661"),
        (_TAGS.format(given="", fill=5, out="net(words).transpose(1, 2)", tags="tags"), "RT661"),
        (_CRITIC.format(ready="done = torch.tensor(done).float()", rest=""), "RT669"),
        (_META.format(used="net(x)"), "RT669"),
        (_QUANTILES.format(tau=0.8, miss="out - y", larger=_TWO), "RT640"),
        (_QUANTILES.format(tau="torch.rand(80)", miss="out - y", larger=_TWO), "RT640"),
        (_GALLERY.format(b="_", mixed=True, labels=_COMPARED), "RT655"),
        (
            _GALLERY.format(b="_", mixed=True, labels=_COMPARED).replace("return", "truth = known.tensors[1]; return"),
            "RT655",
        ),
        (_RARE.format(lines="both = SMOTE().fit_resample(rows)\nxa, x_test = split_rows(both)"), "RT654"),
        (
            _RARE.format(
                lines="x2, y2 = SMOTE().fit_resample(table, truth)\nxa, xb, ya, yb = train_test_split(x2, y2)"
            ),
            "RT654",
        ),
    ],
)
def test_a_slip(text: str, code: str) -> None:
    assert code in [f.code for f in check_source(text)]


@pytest.mark.parametrize(
    "text",
    [
        _TAGS.format(given="ignore_index=0", fill=0, out=_ALL, tags=_FLAT),
        _TAGS.format(given="", fill=-100, out=_ALL, tags=_FLAT),
        _TAGS.format(given="weight=torch.tensor([0.0] + 5 * [1.0])", fill=0, out=_ALL, tags=_FLAT),
        _TAGS.format(given="", fill=0, out="net(words)[words > 0]", tags="tags[words > 0]"),
        _CRITIC.format(ready="done = torch.tensor(done).float()", rest="(1 - done) * "),
        _CRITIC.format(ready="", rest=""),  # a task without an end
        _META.format(used="functional_call(net, near, (x,))"),
        _QUANTILES.format(tau=0.8, miss="y - out", larger=_TWO),
        _QUANTILES.format(tau=0.5, miss="out - y", larger=_TWO),
        _QUANTILES.format(tau=0.8, miss="out - y", larger="torch.max((1 - tau) * miss, -tau * miss)"),
        _GALLERY.format(b="_", mixed=False, labels=_COMPARED),
        _GALLERY.format(b="_", mixed=True, labels="got.mean(0)"),
        _GALLERY.format(b="_", mixed=True, labels="got.mean(0)").replace("got =", "n = len(known.tensors[1]); got ="),
        _RARE.format(lines="table = SMOTE().fit_resample(rows)\nxa, ya = split_columns(table)"),
        _RARE.format(
            lines="xa, xb, ya, yb = train_test_split(table, truth)\nxa, ya = SMOTE().fit_resample(xa, ya)\n"
            "first, last = xa.split(40)"
        ),
    ],
)
def test_what_is_meant(text: str) -> None:
    assert not {"RT661", "RT669", "RT640", "RT655", "RT654"} & {f.code for f in check_source(text)}
