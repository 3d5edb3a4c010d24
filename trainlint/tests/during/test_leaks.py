"""Is an attention that reads what it must predict told from a causal one, and from one that may read everything?"""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainlint import Watch
from trainlint.during.probes.feeding.batches import shifted


class Reader(nn.Module):
    """One layer of attention over characters."""

    def __init__(self, kind: str, causal: bool) -> None:
        super().__init__()
        self.kind, self.causal = kind, causal
        self.embed, self.out = nn.Embedding(12, 16), nn.Linear(16, 12)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, 0.0, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x)
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
        if self.kind == "layer":
            return self.out(self.layer(h, src_mask=mask))
        return self.out(h + F.scaled_dot_product_attention(h, h, h, is_causal=self.causal))


def read(kind: str, *, causal: bool, target: str = "next") -> set[str]:
    torch.manual_seed(0)
    net = Reader(kind, causal)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(6):
        text = torch.randint(12, (8, 11))
        y = text[:, 1:] if target == "next" else torch.randint(12, (8, 10))
        optimizer.zero_grad()
        watch.loss(F.cross_entropy(net(text[:, :-1]).flatten(0, 1), y.flatten())).backward()
        optimizer.step()
    return set(watch.close().codes)


@pytest.mark.parametrize("kind", ["layer", "node"])
def test_a_mask_that_is_missing_is_named(kind: str) -> None:
    assert "RT406" in read(kind, causal=False)


@pytest.mark.parametrize("kind", ["layer", "node"])
def test_a_causal_reader_and_one_with_other_targets_are_let_be(kind: str) -> None:
    assert "RT406" not in read(kind, causal=True)
    assert "RT406" not in read(kind, causal=False, target="other")


def test_shift_is_found_along_either_axis() -> None:
    text = torch.randint(9, (5, 8))
    assert shifted(text[:, :-1], text[:, 1:].reshape(-1)) == 7
    assert shifted(text.t()[:-1], text.t()[1:].reshape(-1)) == 7
    assert shifted(text, text) == 0
    assert shifted(torch.zeros(3, 4).long(), torch.zeros(12).long()) == 0


def masked(hidden: str) -> set[str]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Embedding(13, 16), nn.Flatten(), nn.Linear(160, 120), nn.Unflatten(1, (12, 10)))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(6):
        text = (torch.randint(12, (16, 1)) + torch.arange(10)) % 12
        mask = (
            torch.rand(16, 10) < 0.4 if hidden != "padding" else torch.arange(10)[None] > torch.randint(4, 9, (16, 1))
        )
        counted = mask if hidden == "counted" else ~mask
        optimizer.zero_grad()
        loss = F.cross_entropy(net(text.masked_fill(mask, 12)), text.masked_fill(~counted, -100))
        watch.loss(loss).backward()
        optimizer.step()
    return set(watch.close().codes)


@pytest.mark.parametrize(("hidden", "told"), [("left out", True), ("counted", False), ("padding", False)])
def test_a_mask_the_wrong_way_round_is_told(hidden: str, told: bool) -> None:
    assert ("RT406" in masked(hidden)) is told
