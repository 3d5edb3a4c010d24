"""reduction="sum" over 128 samples with a rate that was chosen for the mean (marked FAULT)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

BATCH_SIZE = 128
LEARNING_RATE = 0.1      # same as in the paper (mean loss)
MOMENTUM = 0.9

inputs = torch.randn(1024, 32)
teacher = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 10)).requires_grad_(False)
targets = (teacher(inputs) * 5).argmax(1)

train_loader = DataLoader(TensorDataset(inputs, targets), batch_size=BATCH_SIZE, shuffle=True, drop_last=True)

model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
criterion = nn.CrossEntropyLoss(reduction="sum")  # FAULT
optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)

model.train()
for epoch in range(4):
    for i, (images, labels) in enumerate(train_loader):
        outputs = model(images)
        loss = criterion(outputs, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (i + 1) % 4 == 0:
            print(f"Epoch [{epoch + 1}/4], Step [{i + 1}/{len(train_loader)}], Loss: {loss.item():.4f}")
