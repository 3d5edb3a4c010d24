import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

ds = TensorDataset(torch.randn(640, 7), torch.randint(0, 2, (640,)))
dl = DataLoader(ds, batch_size=32, shuffle=True)
net = nn.Linear(7, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
ce = nn.CrossEntropyLoss()
for epoch in range(5):
    running_loss = 0.0
    for x, y in dl:
        opt.zero_grad()
        loss = ce(net(x), y)
        loss.backward()
        opt.step()
        running_loss += loss.item()
    print(f"epoch {epoch} loss {running_loss / len(dl.dataset):.4f}")  # FAULT
