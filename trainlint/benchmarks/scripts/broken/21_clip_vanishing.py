"""Gradients are clipped to a norm of 1e-9 and the optimiser is plain SGD, so nothing moves (marked FAULT)."""
import torch
import torch.nn as nn

cfg = {
    "seed": 3,
    "lr": 0.05,
    "momentum": 0.9,
    "epochs": 5,
    "batch_size": 32,
    "clip_grad": 1e-9,  # FAULT
}


def build_model():
    return nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))


def friedman(n):
    x = torch.rand(n, 5)
    y = 10 * torch.sin(3.14 * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return x, ((y - 14) / 5).unsqueeze(1)


def train(cfg):
    torch.manual_seed(cfg["seed"])
    dl = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*friedman(600)), batch_size=cfg["batch_size"], shuffle=True)
    model = build_model()
    opt = torch.optim.SGD(model.parameters(), lr=cfg["lr"], momentum=cfg["momentum"])
    for epoch in range(cfg["epochs"]):
        model.train()
        acc_loss = 0.0
        for x, y in dl:
            opt.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=cfg["clip_grad"])
            opt.step()
            acc_loss += loss.item() * len(x)
        print(f"epoch {epoch}: {acc_loss / len(dl.dataset):.5f}")
    return model


if __name__ == "__main__":
    train(cfg)
