import torch
from torch import nn

torch.manual_seed(239)
x = torch.randn(480, 10)
y = torch.tanh(x[:, :2].sum(1, keepdim=True)) * 2
model = nn.ModuleDict({"body": nn.Linear(10, 32), "top": nn.Linear(32, 1)})
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)


def reset_top():
    """Periodic reset of the last layer against primacy bias."""
    model["top"].reset_parameters()


for epoch in range(10):
    if epoch == 3:
        reset_top()
    running = 0.0
    for idx in torch.randperm(480).split(48):
        h = torch.relu(model["body"](x[idx]))
        loss = nn.functional.mse_loss(model["top"](h), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(f"epoch {epoch}: loss {running / 10:.4f}")
