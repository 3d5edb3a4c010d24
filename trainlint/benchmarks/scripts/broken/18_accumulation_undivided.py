"""Gradients of four micro-batches are summed and the loss is never divided by four (marked FAULT)."""
import torch
import torch.nn as nn

torch.manual_seed(0)
accum_steps = 4
batch_size = 16

x = torch.randn(640, 12)
y = torch.stack([x[:, 0] - x[:, 1], x[:, 2] * 2], dim=1)
dataset = torch.utils.data.TensorDataset(x, y)
loader = torch.utils.data.DataLoader(dataset, batch_size=batch_size, shuffle=True)

model = nn.Sequential(nn.Linear(12, 64), nn.SiLU(), nn.Linear(64, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = nn.MSELoss()

for epoch in range(5):
    model.train()
    running = 0.0
    optimizer.zero_grad()
    for i, (inputs, targets) in enumerate(loader):
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()  # FAULT
        running += loss.item()
        if (i + 1) % accum_steps == 0 or (i + 1) == len(loader):
            optimizer.step()
            optimizer.zero_grad()
    print("epoch", epoch, "loss", running / len(loader))
