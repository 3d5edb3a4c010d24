"""Are labels among the inputs, labels of no share, hand-written likelihoods and mistaken axes told from sound ones?"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import Verdict, Watch


def watched(net: nn.Module, loss: Callable[[], Tensor], count: int = 24) -> Verdict:
    optimizer = Adam(net.parameters(), 1e-2)
    with Watch(net, optimizer, raises=False) as watch:
        for _ in range(count):
            watch.loss(loss()).backward()
            optimizer.step()
            optimizer.zero_grad()
    return watch.verdict()


def rows(kind: str) -> tuple[Tensor, Tensor]:
    x = torch.randn(16, 5)
    y = (x[:, 0] > 0).float()
    if kind == "label":
        x = torch.cat([x, y[:, None]], 1)
    elif kind == "sign":
        x = torch.cat([x, (x[:, :1] > 0.5).float()], 1)
    else:
        x = torch.cat([x, x[:, :1]], 1)
    return x, y


@pytest.mark.parametrize(("kind", "told"), [("label", True), ("sign", False), ("copy", False)])
def test_a_column_that_is_the_label(kind: str, told: bool) -> None:
    torch.manual_seed(0)
    net = nn.Linear(6, 1)

    def loss() -> Tensor:
        x, y = rows(kind)
        return F.binary_cross_entropy_with_logits(net(x)[:, 0], y)

    assert ("RT406" in watched(net, loss).codes) is told


@pytest.mark.parametrize(
    ("low", "high", "told"), [(1.0, 2.0, True), (-1.0, 1.0, True), (0.0, 1.0, False), (-0.1, 1.2, False)]
)
def test_labels_of_a_binary_cross_entropy(low: float, high: float, told: bool) -> None:
    torch.manual_seed(0)
    net = nn.Linear(5, 1)

    def loss() -> Tensor:
        x = torch.randn(16, 5)
        return F.binary_cross_entropy_with_logits(net(x)[:, 0], torch.where(x[:, 0] > 0, high, low))

    assert ("RT220" in watched(net, loss).codes) is told


def likelihood(shares: Tensor, y: Tensor) -> Tensor:
    return (F.one_hot(y, 3) * torch.log(shares + 1e-7)).sum(1).mean()


@pytest.mark.parametrize(("sign", "told"), [(1.0, True), (-1.0, False)])
@pytest.mark.parametrize("of", [likelihood, lambda p, y: (F.one_hot(y, 3) * p.log().log_softmax(1)).sum(1).mean()])
def test_a_likelihood_by_hand(of: Callable[[Tensor, Tensor], Tensor], sign: float, told: bool) -> None:
    torch.manual_seed(0)
    net = nn.Linear(5, 3)

    def loss() -> Tensor:
        x = torch.randn(32, 5)
        return sign * of(net(x).softmax(1), x[:, :3].argmax(1))

    assert ("RT210" in watched(net, loss, 64).codes) is told


class Sequence(nn.Module):
    def __init__(self, first: bool, attention: bool) -> None:
        super().__init__()
        self.part = nn.MultiheadAttention(4, 1, batch_first=first) if attention else nn.LSTM(4, 4, batch_first=first)
        self.attention, self.head = attention, nn.Linear(4, 2)

    def forward(self, x: Tensor, at: int) -> Tensor:
        out = self.part(x, x, x)[0] if self.attention else self.part(x)[0]
        return self.head(out.select(at, -1))


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize(("first", "shape", "at", "told"), [
    (False, (12, 5, 4), 1, True), (True, (12, 5, 4), 1, False), (False, (5, 12, 4), 0, False),
    (False, (12, 1, 4), 1, False),
])  # fmt: skip
def test_a_batch_that_is_read_as_time(
    first: bool, shape: tuple[int, ...], at: int, told: bool, attention: bool
) -> None:
    torch.manual_seed(0)
    net = Sequence(first, attention)

    def loss() -> Tensor:
        x = torch.randn(shape)
        return F.cross_entropy(net(x, at), (x.select(at, 0)[:, 0] > 0).long())

    assert ("RT334" in watched(net, loss).codes) is told


@pytest.mark.parametrize("columns", [3, 1])
def test_a_first_step_without_a_past_is_no_dead_field_and_a_model_fed_with_zeros_is(columns: int) -> None:
    torch.manual_seed(0)
    steps = nn.ModuleList(nn.Linear(max(i, 1), 2) for i in range(columns))

    def likely() -> Tensor:
        x = torch.randn(32, columns)
        parts = [net(x[:, :i] if i else torch.zeros(32, 1)) for i, net in enumerate(steps)]
        apart = [(x[:, i] - part[:, 0]) * part[:, 1].exp() for i, part in enumerate(parts)]
        return torch.stack(apart).square().sum() - 2 * torch.stack(parts)[..., 1].sum()

    assert ("RT404" in watched(steps, likely).codes) is (columns == 1)


@pytest.mark.parametrize("answers", ["each step", "each sample"])
def test_an_answer_for_each_step_of_each_sample_says_that_time_comes_first(answers: str) -> None:
    torch.manual_seed(0)
    rnn, read = nn.GRU(3, 8), nn.Linear(8, 1)

    def loss() -> Tensor:
        x = torch.randn(10, 16, 3)
        out = read(rnn(x)[0])
        return F.mse_loss(out[..., 0], x[..., 0]) if answers == "each step" else F.mse_loss(out[:, -1], x[:, -1, :1])

    assert ("RT334" in watched(nn.ModuleList([rnn, read]), loss).codes) is (answers == "each sample")


def test_columns_that_mean_the_same_in_every_sample_have_no_constant_answer() -> None:
    torch.manual_seed(0)
    songs = nn.Embedding(60, 8)
    right = F.one_hot(torch.zeros(40, dtype=torch.long), 7).float()

    def loss() -> Tensor:
        first = torch.randint(0, 60, (40,))
        candidates = torch.cat([(first // 2 * 2)[:, None], torch.randint(0, 60, (6,)).expand(40, 6)], 1)
        return F.binary_cross_entropy_with_logits((songs(first)[:, None] * songs(candidates)).sum(-1), right)

    assert not watched(songs, loss, 160).findings


@pytest.mark.parametrize("left_out", [False, True])
def test_a_second_stage_has_an_optimiser_of_its_own_for_the_new_head(left_out: bool) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))

    def stage(optimizer: Adam) -> None:
        for _ in range(40):
            x = torch.randn(32, 6)
            optimizer.zero_grad()
            watch.loss(F.mse_loss(net(x), x.sum(1, keepdim=True))).backward()
            optimizer.step()

    first = Adam(net.parameters(), 1e-2)
    watch = Watch(net, first, raises=False)
    stage(first)
    net[2] = nn.Linear(16, 1)
    stage(first if left_out else Adam([{"params": net[0].parameters()}, {"params": net[2].parameters()}], 1e-2))
    assert ("RT115" in watch.close().codes) is left_out
