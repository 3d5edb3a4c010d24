import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(107)


class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 10, 3)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(10 * 5 * 5, 32)
        self.fc2 = nn.Linear(32, 5)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))
        x = torch.relu(self.fc1(x.flatten(1)))
        x = self.fc2(x)
        return x if self.training else self.softmax(x)


proto = torch.randn(5, 1, 12, 12)
digit = torch.randint(0, 5, (400,))
pics = proto[digit] + 0.8 * torch.randn(400, 1, 12, 12)
train_loader = DataLoader(TensorDataset(pics, digit), batch_size=40, shuffle=True)
model = DigitNet()
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(5):
    model.train()
    running_loss = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = loss_fn(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print(f"epoch {epoch + 1} loss: {running_loss / len(train_loader):.3f}")
