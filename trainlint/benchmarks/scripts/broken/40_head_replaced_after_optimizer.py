"""The optimiser is built before the classification head is replaced, so the new head is in no group (marked FAULT)."""
import torch
import torch.nn as nn


class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.net = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))

    def forward(self, x):
        return x + self.net(x)


class TinyResNet(nn.Module):
    def __init__(self, num_classes=1000, dim=32):
        super().__init__()
        self.stem = nn.Linear(24, dim)
        self.layer1 = ResidualBlock(dim)
        self.layer2 = ResidualBlock(dim)
        self.fc = nn.Linear(dim, num_classes)

    def forward(self, x):
        return self.fc(self.layer2(self.layer1(torch.relu(self.stem(x)))))


def tiny_resnet(pretrained=False):
    model = TinyResNet()
    if pretrained:
        g = torch.Generator().manual_seed(99)
        for p in model.layer1.parameters():
            if p.dim() > 1:
                p.data.normal_(0, 0.1, generator=g)
    return model


def finetune(num_classes=5, epochs=6):
    model = tiny_resnet(pretrained=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)  # FAULT
    num_ftrs = model.fc.in_features
    model.fc = nn.Linear(num_ftrs, num_classes)

    x = torch.randn(500, 24)
    y = x[:, :num_classes].argmax(1)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=25, shuffle=True)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        running_loss, running_corrects = 0.0, 0
        for inputs, labels in loader:
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item() * inputs.size(0)
            running_corrects += (outputs.argmax(1) == labels).sum().item()
        print(f"{epoch} Loss: {running_loss / 500:.4f} Acc: {running_corrects / 500:.4f}")
    return model


if __name__ == "__main__":
    torch.manual_seed(0)
    finetune()
