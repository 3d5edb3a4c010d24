"""The backward pass and the step are dedented out of the batch loop: one update per epoch (marked FAULT)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class ConvNet(nn.Module):
    def __init__(self):
        super(ConvNet, self).__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 8, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(8 * 5 * 5, 2)

    def forward(self, x):
        out = self.layer1(x)
        out = out.reshape(out.size(0), -1)
        return self.fc(out)


def load(n):
    x = torch.rand(n, 1, 10, 10)
    y = torch.randint(0, 2, (n,))
    x[y == 1, :, 4:6, :] += 0.4
    return TensorDataset(x, y)


torch.manual_seed(0)
num_epochs = 6
train_loader = DataLoader(dataset=load(400), batch_size=50, shuffle=True)
test_loader = DataLoader(dataset=load(100), batch_size=50, shuffle=False)
model = ConvNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)

for epoch in range(num_epochs):
    model.train()
    for i, (images, labels) in enumerate(train_loader):
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
    loss.backward()  # FAULT
    optimizer.step()

    model.eval()
    with torch.no_grad():
        correct = total = 0
        for images, labels in test_loader:
            predicted = torch.max(model(images).data, 1)[1]
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    print('Epoch [{}/{}], Loss: {:.4f}, Accuracy: {} %'.format(epoch + 1, num_epochs, loss.item(), 100 * correct / total))
