import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

augment = transforms.Compose([transforms.RandomCrop(32, 4), transforms.RandomHorizontalFlip(), transforms.ToTensor()])
plain = transforms.ToTensor()
train_full = datasets.CIFAR10("data", train=True, download=True, transform=augment)
val_full = datasets.CIFAR10("data", train=True, download=True, transform=plain)
order = torch.randperm(len(train_full), generator=torch.Generator().manual_seed(0)).tolist()
train_set, val_set = Subset(train_full, order[:45000]), Subset(val_full, order[45000:])
train_loader = DataLoader(train_set, batch_size=128, shuffle=True, num_workers=4)
val_loader = DataLoader(val_set, batch_size=512, num_workers=4)
net = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(512, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 0.1, total_steps=30 * len(train_loader))
for epoch in range(30):
    net.train()
    for x, y in train_loader:
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
        sched.step()
    net.eval()
    with torch.no_grad():
        acc = sum((net(x).argmax(1) == y).sum().item() for x, y in val_loader) / len(val_set)
    print(epoch, acc)
