"""Is an accuracy of answers (B, 1) against labels (B,) read, and one of equal shapes let be?"""

import pytest

from trainlint.before.source.checking import check_source

SCRIPT = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
x, y = torch.randn(64, 4), (torch.randn(64) > 0).float()
loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, OUT))
adam = torch.optim.Adam(net.parameters(), 1e-3)
loss_of = nn.BCEWithLogitsLoss()
for epoch in range(9):
    net.train()
    for a, b in loader:
        loss = loss_of(net(a)[:, 0], b)
        adam.zero_grad()
        loss.backward()
        adam.step()
    net.eval()
    with torch.no_grad():
        for a, b in loader:
            answer = ANSWER
            right = (answer == LABEL).float().mean()
"""


@pytest.mark.parametrize(("answer", "label", "out", "told"), [
    ("torch.round(torch.sigmoid(net(a)))", "b", "1", True),
    ("(net(a) > 0).float()", "b", "1", True),
    ("(net(a) > 0).float()", "b.unsqueeze(1)", "1", False),
    ("(net(a).squeeze(1) > 0).float()", "b", "1", False),
    ("(net(a)[:, 0] > 0).float()", "b", "1", False),
    ("net(a).argmax(1)", "b", "2", False),
    ("net(a).argmax(1, keepdim=True)", "b.view(-1, 1)", "2", False),
])  # fmt: skip
def test_sides_of_a_comparison(answer: str, label: str, out: str, told: bool) -> None:
    found = check_source(SCRIPT.replace("ANSWER", answer).replace("LABEL", label).replace("OUT", out))
    assert [(f.code, f.line) for f in found] == [("RT644", 21)] * told
