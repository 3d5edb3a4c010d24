"""Multi-task weights are learned as log variances, so the loss may go below zero; they sit in the optimiser too."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiTaskLossWrapper(nn.Module):
    def __init__(self, task_num, model):
        super().__init__()
        self.model = model
        self.task_num = task_num
        self.log_vars = nn.Parameter(torch.zeros(task_num))

    def forward(self, x, targets):
        outputs = self.model(x)
        total, parts = 0, []
        for i, (out, y) in enumerate(zip(outputs, targets)):
            raw = F.cross_entropy(out, y) if y.dtype == torch.long else F.mse_loss(out.squeeze(-1), y)
            total = total + torch.exp(-self.log_vars[i]) * raw + self.log_vars[i]
            parts.append(raw.item())
        return total, self.log_vars.data.tolist(), parts


class Net(nn.Module):
    def __init__(self, n_in=10, hid=48):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(n_in, hid), nn.ReLU())
        self.heads = nn.ModuleList([nn.Linear(hid, 1), nn.Linear(hid, 1), nn.Linear(hid, 3)])

    def forward(self, x):
        h = self.shared(x)
        return [head(h) for head in self.heads]


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.randn(600, 10)
    targets = (x[:, 0] * 10, x[:, 1] * 0.1 + 0.01 * torch.randn(600), x[:, 2:5].argmax(1))
    mtl = MultiTaskLossWrapper(3, Net())
    optimizer = torch.optim.Adam(mtl.parameters(), lr=1e-2, eps=1e-7)
    mtl.train()
    for epoch in range(12):
        for idx in torch.randperm(600).split(60):
            loss, log_vars, parts = mtl(x[idx], [t[idx] for t in targets])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 3 == 2:
            print(f"epoch {epoch} total {loss.item():.3f} parts {[round(p, 4) for p in parts]} "
                  f"log vars {[round(v, 2) for v in log_vars]}")
