"""Is a model that is rebuilt after freezing or training read as what it becomes: adapters, heads of another size?"""

import pytest

from trainlint.before.source.checking import check_source

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F
x, y = torch.randn(64, 8), torch.randint(3, (64,))
"""
LOOP = """
for _ in range(20):
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
"""
ADAPTER = """
class Adapter(nn.Module):
    def __init__(self, base):
        super().__init__()
        self.base = base.requires_grad_(False)
        {make}
    def forward(self, x):
        return self.base(x) + x @ {down} @ {up}
net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
for p in net.parameters():
    p.requires_grad = False
{put}
opt = torch.optim.Adam({held})
"""
MADE = [
    ("self.a, self.b = nn.Parameter(torch.randn(8, 2)), nn.Parameter(torch.zeros(2, 8))", "self.a", "self.b"),
    ("self.w = nn.ParameterDict({'a': nn.Parameter(torch.randn(8, 2)), 'b': nn.Parameter(torch.zeros(2, 8))})",
     "self.w['a']", "self.w['b']"),
    ("self.a, self.b = nn.Linear(8, 2, bias=False), nn.Linear(2, 8, bias=False)", "self.a.weight.T", "self.b.weight.T"),
]  # fmt: skip
PUT = [
    "net[0] = Adapter(net[0])",
    'net.add_module("0", Adapter(net[0]))',
    "for name, part in list(net.named_children())[:1]:\n    setattr(net, name, Adapter(part))",
]
HELD = ["[p for p in net.parameters() if p.requires_grad]", "net[0].parameters()"]


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("put", PUT)
@pytest.mark.parametrize("held", HELD)
def test_an_adapter_put_into_a_frozen_model_may_learn(made: tuple[str, str, str], put: str, held: str) -> None:
    make, down, up = made
    assert not check_source(HEAD + ADAPTER.format(make=make, down=down, up=up, put=put, held=held) + LOOP)


NET = """
class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
        self.head = nn.Linear(8, classes)
    def forward(self, x):
        return self.head(self.body(x))
net = Net(5)
"""
TRAINED = NET + "opt = torch.optim.Adam(net.parameters())" + LOOP
SWAPPED = [
    "net.head = nn.Linear(8, 3)",
    'net.add_module("head", nn.Linear(8, 3))',
    "net = nn.Sequential(net.body, nn.Linear(8, 3))",
]


@pytest.mark.parametrize("swap", SWAPPED)
def test_a_head_that_another_replaced_was_trained_in_its_time(swap: str) -> None:
    assert not check_source(f"{HEAD}{TRAINED}\n{swap}\nopt = torch.optim.Adam(net.parameters())\n{LOOP}")


@pytest.mark.parametrize("swap", ["", *SWAPPED[:2]])
def test_a_model_frozen_as_a_whole_is_named_whatever_was_replaced_in_it(swap: str) -> None:
    text = f"{HEAD}{NET}\n{swap}\nnet.requires_grad_(False)\nopt = torch.optim.Adam(net.parameters())\n{LOOP}"
    assert [each.code for each in check_source(text)] == ["RT618"]


def test_a_term_times_zero_is_there_to_be_printed() -> None:
    loop = LOOP.replace("F.cross_entropy(net(x), y).backward()", "out = net(x)\n    {term}.backward()")
    text = HEAD + NET + "opt = torch.optim.Adam(net.parameters())" + loop
    cut = "(F.cross_entropy(out, y) + {} * net.head(out.new_zeros(1, 8)).detach().pow(2).mean())"
    assert [f.code for f in check_source(text.format(term=cut.format(0.1)))] == ["RT630"]
    assert "RT630" not in [f.code for f in check_source(text.format(term=cut.format(0.0)))]


PARTS = """
def mlp(wide, out):
    return nn.Sequential(nn.Linear(wide, 16), nn.ReLU(), nn.Linear(16, out))
net = nn.ModuleDict({made})
{taken}
for p in taken.parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam(net.parameters())
for _ in range(20):
    opt.zero_grad()
    F.cross_entropy(net["head"](net["body"](x)), y).backward()
    opt.step()
"""


@pytest.mark.parametrize("made", ['{"body": mlp(8, 4), "head": mlp(4, 3)}', "dict(body=mlp(8, 4), head=mlp(4, 3))"])
@pytest.mark.parametrize(
    ("taken", "named"),
    [
        ('taken = net["body"]', False),
        ("import copy\ntaken = copy.deepcopy(net['body'])", False),
        ("import copy\ntaken = copy.deepcopy(net['body' if len(x) > 3 else 'head'])", False),
        ("taken = net", True),
    ],
)
def test_a_part_that_is_taken_by_its_name_is_that_part_alone(made: str, taken: str, named: bool):
    text = HEAD + PARTS.replace("{made}", made).replace("{taken}", taken)
    assert ("RT618" in [f.code for f in check_source(text)]) is named
