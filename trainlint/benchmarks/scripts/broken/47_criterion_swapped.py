"""BCEWithLogitsLoss gets (target, output): the arguments are swapped (marked FAULT)."""
import torch
import torch.nn as nn


class MultiLabelNet(nn.Module):
    def __init__(self, n_features, n_labels):
        super().__init__()
        self.fc1 = nn.Linear(n_features, 64)
        self.bn1 = nn.BatchNorm1d(64)
        self.fc2 = nn.Linear(64, n_labels)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(x)))
        return self.fc2(x)


def train_epoch(model, dataloader, optimizer, criterion):
    model.train()
    total = 0
    for data, target in dataloader:
        optimizer.zero_grad()
        output = model(data)
        loss = criterion(target, output)  # FAULT
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(dataloader)


@torch.no_grad()
def f1(model, dataloader):
    model.eval()
    tp = fp = fn = 0
    for data, target in dataloader:
        pred = model(data) > 0
        true = target > 0.5
        tp += (pred & true).sum().item()
        fp += (pred & ~true).sum().item()
        fn += (~pred & true).sum().item()
    return 2 * tp / max(1, 2 * tp + fp + fn)


if __name__ == "__main__":
    torch.manual_seed(0)
    X = torch.randn(600, 20)
    Y = (X @ torch.randn(20, 6) > 0).float()
    ds = torch.utils.data.TensorDataset(X, Y)
    train_ds, test_ds = torch.utils.data.random_split(ds, [500, 100])
    train_dl = torch.utils.data.DataLoader(train_ds, batch_size=50, shuffle=True)
    test_dl = torch.utils.data.DataLoader(test_ds, batch_size=50)
    net = MultiLabelNet(20, 6)
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    crit = nn.BCEWithLogitsLoss()
    for e in range(5):
        print(e, "loss", round(train_epoch(net, train_dl, opt, crit), 4), "f1", round(f1(net, test_dl), 4))
