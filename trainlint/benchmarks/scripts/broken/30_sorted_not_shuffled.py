"""The folder-like data set is sorted by class and the training loader does not shuffle it (marked FAULT)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class FolderDataset(Dataset):
    """samples listed class by class, as ImageFolder does"""

    classes = ["cat", "dog", "horse", "plane"]

    def __init__(self, per_class, seed=0):
        g = torch.Generator().manual_seed(seed)
        self.samples = []
        for label, _ in enumerate(self.classes):
            for _ in range(per_class):
                img = torch.randn(1, 8, 8, generator=g)
                img[0, 2 * label:2 * label + 2] += 1.0
                self.samples.append((img, label))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]


def main():
    torch.manual_seed(0)
    train_dataset = FolderDataset(120, seed=0)
    test_dataset = FolderDataset(30, seed=1)
    train_loader = DataLoader(train_dataset, batch_size=40, num_workers=0)  # FAULT
    test_loader = DataLoader(test_dataset, batch_size=40, num_workers=0)

    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(5):
        model.train()
        for images, labels in train_loader:
            loss = criterion(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            n_correct = sum((model(im).argmax(1) == lb).sum().item() for im, lb in test_loader)
        print(f"epoch {epoch + 1}, test accuracy {n_correct / len(test_dataset):.2%}")


if __name__ == "__main__":
    main()
