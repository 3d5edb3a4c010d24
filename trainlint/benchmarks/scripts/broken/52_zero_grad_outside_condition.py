"""step() waits for the accumulation window but zero_grad() runs in every micro-batch (marked FAULT)."""
import torch
from torch import nn


def get_params():
    return {"accumulation_steps": 4, "lr": 1e-2, "epochs": 5, "micro_batch": 10}


class Encoder(nn.Module):
    def __init__(self, n_in, n_hid):
        super().__init__()
        self.lin = nn.Linear(n_in, n_hid)

    def forward(self, x):
        return torch.relu(self.lin(x))


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = Encoder(12, 32)
        self.score = nn.Linear(32, 1)

    def forward(self, a, b):
        return self.score((self.enc(a) - self.enc(b)).abs()).squeeze(-1)


def pairs(n):
    proto = torch.randn(4, 12)
    ca, cb = torch.randint(4, (n,)), torch.randint(4, (n,))
    cb = torch.where(torch.rand(n) < 0.5, ca, cb)
    a, b = proto[ca] + 0.3 * torch.randn(n, 12), proto[cb] + 0.3 * torch.randn(n, 12)
    return a, b, (ca == cb).float()


def train(params):
    ds = torch.utils.data.TensorDataset(*pairs(400))
    loader = torch.utils.data.DataLoader(ds, batch_size=params["micro_batch"], shuffle=True)
    model = Siamese()
    optimizer = torch.optim.Adam(model.parameters(), lr=params["lr"])
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(params["epochs"]):
        model.train()
        total = 0.0
        for i, (a, b, same) in enumerate(loader):
            loss = bce(model(a, b), same) / params["accumulation_steps"]
            loss.backward()
            if (i + 1) % params["accumulation_steps"] == 0:
                optimizer.step()
            optimizer.zero_grad()  # FAULT
            total += loss.item() * params["accumulation_steps"]
        print("epoch", epoch, "loss", round(total / len(loader), 4))


if __name__ == "__main__":
    torch.manual_seed(1)
    train(get_params())
