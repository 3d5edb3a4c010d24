import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(77)
device = "cuda" if torch.cuda.is_available() else "cpu"

temps = torch.rand(500, 4) * 2 - 1
yields = (temps ** 2).sum(1, keepdim=True) - 0.5 * temps[:, :1] + 0.02 * torch.randn(500, 1)
dl = DataLoader(TensorDataset(temps, yields), batch_size=50, shuffle=True)

net = nn.Sequential(nn.Linear(4, 40), nn.SiLU(), nn.Linear(40, 1)).to(device)
optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
mse = nn.MSELoss()

history = []
for epoch in range(10):
    net.train()
    epoch_losses = []
    for a, b in dl:
        a, b = a.to(device), b.to(device)
        out = net(a)
        loss = mse(out, b)
        loss.backward()
        optimizer.step()
        epoch_losses.append(loss.item())
    history.append(sum(epoch_losses) / len(epoch_losses))
    print(f"Epoch {epoch}\tLoss {history[-1]:.5f}")
