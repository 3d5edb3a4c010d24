"""The dropout layer is made in __init__ and forward never calls it (marked FAULT)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


class Net(nn.Module):
    def __init__(self, in_features=16, hidden=64, n_classes=5):
        super().__init__()
        self.fc1 = nn.Linear(in_features, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(0.3)  # FAULT
        self.fc3 = nn.Linear(hidden, n_classes)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def train(model, loader, optimizer, criterion):
    model.train()
    running = 0.0
    for inputs, labels in loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running += loss.item()
    return running / len(loader)


def test(model, loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for inputs, labels in loader:
            _, predicted = torch.max(model(inputs), 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    return 100 * correct / total


def main():
    torch.manual_seed(7)
    centers = torch.randn(5, 16) * 2
    labels = torch.randint(0, 5, (700,))
    feats = centers[labels] + torch.randn(700, 16)
    train_set, test_set = random_split(TensorDataset(feats, labels), [600, 100])
    train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=50, shuffle=False)

    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(1, 7):
        loss = train(net, train_loader, optimizer, criterion)
        print("Epoch %d loss %.3f test accuracy %.1f%%" % (epoch, loss, test(net, test_loader)))


if __name__ == "__main__":
    main()
