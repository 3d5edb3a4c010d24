"""EMA weights are swapped in by a context manager that restores the live ones in finally."""
import contextlib
import copy

import torch
from torch import nn


class EMA(nn.Module):
    def __init__(self, model, decay=0.95):
        super().__init__()
        self.module = copy.deepcopy(model).eval()
        self.module.requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        for e, m in zip(self.module.state_dict().values(), model.state_dict().values()):
            if e.dtype.is_floating_point:
                e.lerp_(m, 1 - self.decay)
            else:
                e.copy_(m)


@contextlib.contextmanager
def ema_scope(model, ema):
    backup = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(ema.module.state_dict())
    try:
        yield model
    finally:
        model.load_state_dict(backup)


@contextlib.contextmanager
def evaluating(net):
    """Temporarily switch to evaluation mode."""
    istrain = net.training
    try:
        net.eval()
        yield net
    finally:
        if istrain:
            net.train()


def main():
    torch.manual_seed(0)
    x = torch.randn(500, 8)
    y = torch.sin(x[:, :1] * 2) + 0.2 * torch.randn(500, 1)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x[:400], y[:400]), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 1))
    ema = EMA(model)
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    for epoch in range(8):
        for xb, yb in loader:
            opt.zero_grad(set_to_none=True)
            loss = nn.functional.mse_loss(model(xb), yb)
            loss.backward()
            opt.step()
            ema.update(model)
        with evaluating(model), torch.no_grad():
            live = nn.functional.mse_loss(model(x[400:]), y[400:]).item()
            with ema_scope(model, ema):
                averaged = nn.functional.mse_loss(model(x[400:]), y[400:]).item()
        assert model.training
        print(f"epoch {epoch} train {loss.item():.4f} live {live:.4f} ema {averaged:.4f}")


if __name__ == "__main__":
    main()
