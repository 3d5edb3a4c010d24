import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--accumulation-steps", type=int, default=8)
parser.add_argument("--epochs", type=int, default=5)
args = parser.parse_args()
torch.manual_seed(13)

images = torch.randn(320, 1, 12, 12)
labels = (images.mean(dim=(1, 2, 3)) > 0).long()
images[labels == 1, :, 3:6, 3:6] += 1.0


class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3)
        self.conv2 = nn.Conv2d(8, 16, 3)
        self.fc = nn.Linear(16, 2)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        return self.fc(x.mean(dim=(2, 3)))


cnn = SmallCNN()
optimizer = torch.optim.SGD(cnn.parameters(), lr=0.05, momentum=0.9)
for epoch in range(args.epochs):
    order = torch.randperm(320)
    optimizer.zero_grad()
    for i, idx in enumerate(order.split(8)):
        loss = nn.functional.cross_entropy(cnn(images[idx]), labels[idx])
        loss.backward()
        if (i + 1) % args.accumulation_steps == 0:
            optimizer.step()
            optimizer.zero_grad()
    print("epoch", epoch, "last loss", round(loss.item(), 4))
