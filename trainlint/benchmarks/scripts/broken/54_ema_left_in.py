"""The EMA weights are copied into the model for evaluation and the live ones are never restored (marked FAULT)."""
import torch
import torch.nn as nn


class ExponentialMovingAverage:
    def __init__(self, parameters, decay):
        self.decay = decay
        self.shadow_params = [p.clone().detach() for p in parameters]
        self.collected_params = []

    @torch.no_grad()
    def update(self, parameters):
        for s, p in zip(self.shadow_params, parameters):
            s.mul_(self.decay).add_(p, alpha=1 - self.decay)

    @torch.no_grad()
    def copy_to(self, parameters):
        for s, p in zip(self.shadow_params, parameters):
            p.copy_(s)

    def store(self, parameters):
        self.collected_params = [p.clone() for p in parameters]

    @torch.no_grad()
    def restore(self, parameters):
        for c, p in zip(self.collected_params, parameters):
            p.copy_(c)


class ScoreNet(nn.Module):
    def __init__(self, dim=2):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim + 1, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, dim))

    def forward(self, x, t):
        return self.net(torch.cat([x, t], dim=-1))


def dsm_loss(model, x):
    t = torch.rand(len(x), 1) * 0.9 + 0.1
    eps = torch.randn_like(x)
    return ((model(x + t * eps, t) - eps) ** 2).mean()


def evaluate(model, ema, data):
    ema.store(model.parameters())
    ema.copy_to(model.parameters())  # FAULT
    model.eval()
    with torch.no_grad():
        loss = dsm_loss(model, data).item()
    model.train()
    return loss


if __name__ == "__main__":
    torch.manual_seed(0)
    data = torch.randn(1000, 2) * torch.tensor([1.0, 0.2]) + torch.tensor([2.0, -1.0])
    train, test = data[:800], data[800:]
    model = ScoreNet()
    ema = ExponentialMovingAverage(model.parameters(), decay=0.99)
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    model.train()
    for step in range(1, 201):
        batch = train[torch.randint(800, (64,))]
        loss = dsm_loss(model, batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
        ema.update(model.parameters())
        if step % 40 == 0:
            print(f"step {step} train {loss.item():.3f} test(ema) {evaluate(model, ema, test):.3f}")
