import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(193)
ds = TensorDataset(torch.randn(200, 6), torch.randn(200, 1))
ds = TensorDataset(ds.tensors[0], ds.tensors[0][:, :1] * 3 + 0.1 * ds.tensors[1])
batch_size = 256
loader = DataLoader(ds, batch_size=batch_size, shuffle=True, drop_last=True)
net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 1))
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(8):
    total = 0.0
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch}: loss {total / max(1, len(loader)):.4f}")
