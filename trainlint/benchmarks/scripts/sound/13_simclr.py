"""SimCLR: labels are positions, cross entropy over similarities divided by a temperature, no labels in the loss."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


class TwoViews(Dataset):
    def __init__(self, base, transform):
        self.base, self.transform = base, transform

    def __len__(self):
        return len(self.base)

    def __getitem__(self, i):
        return [self.transform(self.base[i]) for _ in range(2)], i


class SimCLR(object):
    def __init__(self, *args, **kwargs):
        self.args = kwargs["args"]
        self.model = kwargs["model"].to(self.args["device"])
        self.optimizer = kwargs["optimizer"]
        self.scheduler = kwargs["scheduler"]
        self.criterion = torch.nn.CrossEntropyLoss().to(self.args["device"])

    def info_nce_loss(self, features):
        n = features.shape[0] // self.args["n_views"]
        labels = torch.cat([torch.arange(n) for _ in range(self.args["n_views"])], dim=0)
        labels = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
        features = F.normalize(features, dim=1)
        similarity_matrix = torch.matmul(features, features.T)
        mask = torch.eye(labels.shape[0], dtype=torch.bool)
        labels = labels[~mask].view(labels.shape[0], -1)
        similarity_matrix = similarity_matrix[~mask].view(similarity_matrix.shape[0], -1)
        positives = similarity_matrix[labels.bool()].view(labels.shape[0], -1)
        negatives = similarity_matrix[~labels.bool()].view(similarity_matrix.shape[0], -1)
        logits = torch.cat([positives, negatives], dim=1)
        labels = torch.zeros(logits.shape[0], dtype=torch.long)
        return logits / self.args["temperature"], labels

    def train(self, train_loader):
        for epoch_counter in range(self.args["epochs"]):
            for images, _ in train_loader:
                images = torch.cat(images, dim=0)
                features = self.model(images)
                logits, labels = self.info_nce_loss(features)
                loss = self.criterion(logits, labels)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            # warmup for the first epochs
            if epoch_counter >= 2:
                self.scheduler.step()
            top1 = (logits.argmax(1) == labels).float().mean()
            print(f"Epoch: {epoch_counter}\tLoss: {loss.item():.4f}\tTop1: {top1:.3f}")


def main():
    torch.manual_seed(0)
    base = torch.randn(256, 24)
    loader = DataLoader(
        TwoViews(base, lambda x: x + 0.3 * torch.randn_like(x)), batch_size=64, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 32))
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3, weight_decay=1e-4)
    epochs = 8
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs - 2, eta_min=0, last_epoch=-1)
    simclr = SimCLR(
        model=model, optimizer=optimizer, scheduler=scheduler,
        args={"device": "cpu", "n_views": 2, "temperature": 0.2, "epochs": epochs})
    simclr.train(loader)


main()
