import torch
from torch import nn
from torchvision.models import resnet18

model = resnet18(weights="IMAGENET1K_V1")
for p in model.parameters():
    p.requires_grad = False
model.fc = nn.Linear(model.fc.in_features, 7)
for p in model.layer4.parameters():
    p.requires_grad = True
optimizer = torch.optim.AdamW(
    [{"params": model.layer4.parameters(), "lr": 1e-5}, {"params": model.fc.parameters(), "lr": 1e-3}], weight_decay=0.05
)
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(torch.randn(64, 3, 224, 224), torch.randint(0, 7, (64,))), 8, shuffle=True
)
criterion = nn.CrossEntropyLoss()
for epoch in range(3):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    for group, factor in zip(optimizer.param_groups, (0.5, 0.9)):
        group["lr"] *= factor
