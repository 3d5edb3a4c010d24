import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train(model, loader, *, micro=4, epochs=2, max_norm=1.0):
    opt = torch.optim.AdamW(model.parameters(), 3e-4)
    loss_fn = nn.CrossEntropyLoss()
    opt.zero_grad()
    for epoch in range(epochs):
        for i, (x, y) in enumerate(loader, start=1):
            last = i == len(loader)
            loss = loss_fn(model(x), y)
            (loss / micro).backward()
            if i % micro == 0 or last:
                norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
                opt.step()
                opt.zero_grad(set_to_none=True)
        print(epoch, loss.item(), norm.item())


x = torch.randn(1003, 30)
train(nn.Sequential(nn.Linear(30, 60), nn.ReLU(), nn.Linear(60, 7)), DataLoader(TensorDataset(x, x[:, :7].argmax(1)), 16, shuffle=True))
