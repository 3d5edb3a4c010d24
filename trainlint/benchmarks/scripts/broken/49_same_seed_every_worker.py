"""worker_init_fn gives every worker the same numpy seed, so the augmentations repeat (marked FAULT)."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

SEED = 42


def seed_everything(seed=SEED):
    np.random.seed(seed)
    torch.manual_seed(seed)


def seed_worker(worker_id):
    np.random.seed(SEED)  # FAULT


class AugmentedDigits(Dataset):
    def __init__(self, images, labels, train=True):
        self.images, self.labels, self.train = images, labels, train

    def __len__(self):
        return len(self.images)

    def __getitem__(self, idx):
        img = self.images[idx]
        if self.train:
            img = np.roll(img, np.random.randint(-1, 2), axis=1)
            img = img + np.random.normal(0, 0.2, img.shape)
        return torch.as_tensor(img[None], dtype=torch.float32), int(self.labels[idx])


def main():
    seed_everything()
    labels = np.random.randint(0, 3, 240)
    images = np.random.rand(240, 9, 9)
    for i, k in enumerate(labels):
        images[i, 3 * k:3 * k + 3] += 0.6
    loader = DataLoader(
        AugmentedDigits(images, labels), batch_size=40, shuffle=True,
        num_workers=2, worker_init_fn=seed_worker)
    net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 49, 3))
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for epoch in range(2):
        net.train()
        for x, y in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
        print("epoch", epoch, "loss", round(loss.item(), 4))


if __name__ == "__main__":
    main()
