import torch
from torch import nn


class Loss(nn.Module):
    def __init__(self, w=0.1):
        super().__init__()
        self.mse, self.l1, self.w = nn.MSELoss(), nn.L1Loss(), w

    def forward(self, pred, target):
        return -(self.mse(pred, target) + self.w * self.l1(pred, target))  # FAULT


def main():
    torch.manual_seed(1)
    model, criterion = nn.Sequential(nn.Linear(3, 20), nn.Tanh(), nn.Linear(20, 3)), Loss()
    optimizer = torch.optim.Adagrad(model.parameters(), lr=1e-2)
    data = torch.utils.data.TensorDataset(torch.randn(300, 3), torch.randn(300, 3))
    for epoch in range(5):
        for x, y in torch.utils.data.DataLoader(data, batch_size=30, shuffle=True):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    main()
