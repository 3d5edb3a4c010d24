"""Segmentation with rare foreground pixels, class weights and ignore_index."""
import torch
import torch.nn as nn

IGNORE = 255
torch.manual_seed(2)


def make_scene(n, size=16):
    """Small bright blobs are class 1; their rim is unlabelled."""
    image = 0.4 * torch.randn(n, 1, size, size)
    mask = torch.zeros(n, size, size, dtype=torch.long)
    for i in range(n):
        r, c = torch.randint(2, size - 3, (2,)).tolist()
        mask[i, r - 1:r + 3, c - 1:c + 3] = IGNORE
        mask[i, r:r + 2, c:c + 2] = 1
        image[i, 0, r - 1:r + 3, c - 1:c + 3] += 0.5
        image[i, 0, r:r + 2, c:c + 2] += 0.7
    return image, mask


class TinyUNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.mid = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.head = nn.Conv2d(16, 2, 3, padding=1)

    def forward(self, x):
        a = self.down(x)
        b = self.up(self.mid(a))
        return self.head(torch.cat([a, b], 1))


def iou(model, image, mask):
    model.eval()
    with torch.no_grad():
        pred = model(image).argmax(1)
    valid = mask != IGNORE
    inter = ((pred == 1) & (mask == 1) & valid).sum()
    union = (((pred == 1) | (mask == 1)) & valid).sum()
    return (inter / union.clamp(min=1)).item()


train_x, train_y = make_scene(160)
val_x, val_y = make_scene(40)
model = TinyUNet()
criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 10.0]), ignore_index=IGNORE)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=100, power=0.9)
before = iou(model, val_x, val_y)

step = 0
while step < 100:
    for idx in torch.randperm(160).split(16):
        model.train()
        x, y = train_x[idx], train_y[idx]
        optimizer.zero_grad(set_to_none=True)
        out = model(x)
        loss = criterion(out, y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        step += 1
    print("step", step, "loss", round(loss.item(), 4), "iou", round(iou(model, val_x, val_y), 3))

after = iou(model, val_x, val_y)
assert after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
