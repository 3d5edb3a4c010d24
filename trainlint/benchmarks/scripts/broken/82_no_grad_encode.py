import torch
from torch import nn, Tensor


class Matcher(nn.Module):
    def __init__(self, dim: int = 64) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(100, 128), nn.ReLU(), nn.Linear(128, dim))
        self.scorer = nn.Bilinear(dim, dim, 1)

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:  # FAULT
        return nn.functional.normalize(self.encoder(x), dim=-1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.scorer(self.encode(a), self.encode(b)).squeeze(-1)


def train(steps: int = 500) -> None:
    model = Matcher()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    bce = nn.BCEWithLogitsLoss()
    for step in range(steps):
        a = torch.randn(32, 100)
        same = torch.rand(32) > 0.5
        b = torch.where(same[:, None], a + 0.1 * torch.randn_like(a), torch.randn(32, 100))
        loss = bce(model(a, b), same.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.4f}")


if __name__ == "__main__":
    train()
