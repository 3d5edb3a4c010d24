"""A20: gradients that begin near zero, beside a table that begins at zero, do not explode while the loss falls."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import Watch

from .toy import codes


class SkipGram(nn.Module):
    """Two tables of words, one of them at zero, and the scale of their products."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.contexts, self.scale = nn.Embedding(60, 16), nn.Embedding(60, 16), nn.Parameter(torch.ones(1))
        nn.init.uniform_(self.words.weight, -0.5 / 16, 0.5 / 16)
        nn.init.zeros_(self.contexts.weight)

    def forward(self, words: torch.Tensor, contexts: torch.Tensor) -> torch.Tensor:
        return self.scale * (self.words(words) * self.contexts(contexts)).sum(-1)


def scaled() -> Watch:
    torch.manual_seed(2)
    net = SkipGram()
    tables = Adam([net.words.weight, net.contexts.weight], 0.02)
    scale = Adam([net.scale], 1e-2)
    watch = Watch(net, [tables, scale], raises=False)
    for _ in range(300):
        words = torch.randint(60, (64,))
        near, far = words // 10 * 10 + torch.randint(10, (64,)), torch.randint(60, (64, 4))
        tables.zero_grad()
        scale.zero_grad()
        wrong = F.logsigmoid(-net(words[:, None], far)).sum(1)
        watch.loss(-(F.logsigmoid(net(words, near)) + wrong).mean()).backward()
        tables.step()
        scale.step()
    return watch


def test_gradients_that_leave_a_start_near_zero_do_not_explode():
    assert "RT127" not in codes(scaled)
