"""Hard Gumbel softmax and attention softmax in the forward pass; argmax is used in evaluation only."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Router(nn.Module):
    """mixture of experts with hard routing"""

    def __init__(self, dim, experts):
        super().__init__()
        self.gate = nn.Linear(dim, experts)
        self.tau = 1.0

    def forward(self, x):
        logits = self.gate(x)
        if self.training:
            return F.gumbel_softmax(logits, tau=self.tau, hard=True, dim=-1)
        return F.one_hot(logits.argmax(-1), logits.size(-1)).to(logits.dtype)


class MoE(nn.Module):
    def __init__(self, dim=6, experts=3):
        super().__init__()
        self.router = Router(dim, experts)
        self.experts = nn.ModuleList([nn.Sequential(nn.Linear(dim, 16), nn.ReLU(), nn.Linear(16, 1)) for _ in range(experts)])
        self.query = nn.Parameter(torch.randn(dim))

    def pool(self, seq):
        score = seq @ self.query / seq.size(-1) ** 0.5
        return (score.softmax(dim=1).unsqueeze(-1) * seq).sum(1)

    def forward(self, seq):
        x = self.pool(seq)
        route = self.router(x)
        outs = torch.stack([e(x) for e in self.experts], dim=1).squeeze(-1)
        return (route * outs).sum(-1), route


def balance(route):
    load = route.mean(0)
    return (load * load).sum() * route.size(-1)


def main():
    torch.manual_seed(0)
    seq = torch.randn(600, 5, 6)
    key = seq.mean(1)
    y = torch.where(key[:, 0] > 0, 3 * key[:, 1], -3 * key[:, 2])
    dl = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(seq[:500], y[:500]), batch_size=50, shuffle=True)
    model = MoE()
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    for epoch in range(15):
        model.train()
        model.router.tau = max(0.5, 0.95 ** epoch)
        for s, t in dl:
            pred, route = model(s)
            loss = F.mse_loss(pred, t) + 0.01 * balance(route)
            opt.zero_grad()
            loss.backward()
            opt.step()
        if epoch % 3 == 2:
            model.eval()
            with torch.no_grad():
                pred, route = model(seq[500:])
            print(epoch, f"train {loss.item():.4f} test mse {F.mse_loss(pred, y[500:]):.4f} var {y[500:].var():.3f}")


if __name__ == "__main__":
    main()
