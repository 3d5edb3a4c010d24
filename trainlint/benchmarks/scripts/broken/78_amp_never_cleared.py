import torch
from torch import nn
from torch.amp import GradScaler, autocast

device = "cuda" if torch.cuda.is_available() else "cpu"


def build():
    return nn.Sequential(nn.Linear(40, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 5)).to(device)


def train(model, loader, epochs, lr):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, epochs=epochs, steps_per_epoch=len(loader))
    scaler = GradScaler(device)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        running = 0.0
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            with autocast(device):
                loss = loss_fn(model(x), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)  # FAULT
            scaler.update()
            scheduler.step()
            running += loss.item()
        print(epoch, running / len(loader))


data = torch.utils.data.TensorDataset(torch.randn(1000, 40), torch.randint(0, 5, (1000,)))
train(build(), torch.utils.data.DataLoader(data, 50, shuffle=True), 4, 1e-3)
