"""The validation loop builds graphs and sums the loss tensors, so every graph is kept (marked FAULT)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, random_split, TensorDataset


class UNetLite(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, c, 3, padding=1), nn.ReLU())
        self.mid = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(c, c, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2))
        self.out = nn.Conv2d(2 * c, 1, 1)

    def forward(self, x):
        d = self.down(x)
        return self.out(torch.cat([d, self.mid(d)], dim=1))


def make_masks(n, size=16):
    img = torch.rand(n, 1, size, size) * 0.5
    mask = torch.zeros(n, 1, size, size)
    for k in range(n):
        r, c = torch.randint(0, size - 6, (2,)).tolist()
        mask[k, :, r:r + 6, c:c + 6] = 1
    return TensorDataset(img + 0.5 * mask, mask)


def train_net(net, epochs=3, batch_size=20, lr=5e-3, val_percent=0.2):
    dataset = make_masks(200)
    n_val = int(len(dataset) * val_percent)
    train_set, val_set = random_split(dataset, [len(dataset) - n_val, n_val])
    train_loader = DataLoader(train_set, shuffle=True, batch_size=batch_size)
    val_loader = DataLoader(val_set, shuffle=False, batch_size=batch_size)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    for epoch in range(1, epochs + 1):
        net.train()
        for images, true_masks in train_loader:
            optimizer.zero_grad()
            loss = criterion(net(images), true_masks)
            loss.backward()
            optimizer.step()
        net.eval()
        val_loss = 0
        for images, true_masks in val_loader:
            masks_pred = net(images)
            val_loss += criterion(masks_pred, true_masks)  # FAULT
        print(f"epoch {epoch} train {loss.item():.4f} val {val_loss / len(val_loader):.4f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    train_net(UNetLite())
