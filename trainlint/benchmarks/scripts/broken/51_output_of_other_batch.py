"""The loss compares the current labels with the output of the fixed preview batch (marked FAULT)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
images = torch.randn(320, 1, 8, 8)
labels = (images.mean(dim=(1, 2, 3)) > 0).long()
trainloader = DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True)

model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

# one batch to look at the shapes and to follow the predictions
example_images, example_labels = next(iter(trainloader))
print(example_images.shape, example_labels.shape)

model.train()
for e in range(5):
    running_loss = 0
    for batch_images, batch_labels in trainloader:
        optimizer.zero_grad()
        example_out = model(example_images)
        output = model(batch_images)
        loss = criterion(example_out, batch_labels)  # FAULT
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    else:
        acc = (output.argmax(1) == batch_labels).float().mean().item()
        print(f"Training loss: {running_loss / len(trainloader):.4f} last batch acc {acc:.2f}")
