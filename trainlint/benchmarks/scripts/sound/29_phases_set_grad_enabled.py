"""The transfer-learning tutorial: both phases in one loop under set_grad_enabled, scheduler only in the train phase."""
import copy
import os
import time
from tempfile import TemporaryDirectory

import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim import lr_scheduler

torch.manual_seed(0)
x = torch.randn(500, 3, 6, 6)
y = (x[:, 0].mean((1, 2)) > x[:, 1].mean((1, 2))).long()
sets = {
    "train": torch.utils.data.TensorDataset(x[:400], y[:400]),
    "val": torch.utils.data.TensorDataset(x[400:], y[400:]),
}
dataloaders = {p: torch.utils.data.DataLoader(sets[p], batch_size=20, shuffle=True) for p in ["train", "val"]}
dataset_sizes = {p: len(sets[p]) for p in ["train", "val"]}
device = torch.device("cpu")


def train_model(model, criterion, optimizer, scheduler, num_epochs=25):
    since = time.time()
    with TemporaryDirectory() as tempdir:
        best_path = os.path.join(tempdir, "best_model_params.pt")
        torch.save(model.state_dict(), best_path)
        best_acc = 0.0
        for epoch in range(num_epochs):
            for phase in ["train", "val"]:
                if phase == "train":
                    model.train()
                else:
                    model.eval()
                running_loss = 0.0
                running_corrects = 0
                for inputs, labels in dataloaders[phase]:
                    inputs = inputs.to(device)
                    labels = labels.to(device)
                    optimizer.zero_grad()
                    with torch.set_grad_enabled(phase == "train"):
                        outputs = model(inputs)
                        _, preds = torch.max(outputs, 1)
                        loss = criterion(outputs, labels)
                        if phase == "train":
                            loss.backward()
                            optimizer.step()
                    running_loss += loss.item() * inputs.size(0)
                    running_corrects += torch.sum(preds == labels.data)
                if phase == "train":
                    scheduler.step()
                epoch_loss = running_loss / dataset_sizes[phase]
                epoch_acc = running_corrects.double() / dataset_sizes[phase]
                print(f"{epoch} {phase} Loss: {epoch_loss:.4f} Acc: {epoch_acc:.4f}")
                if phase == "val" and epoch_acc > best_acc:
                    best_acc = epoch_acc
                    torch.save(model.state_dict(), best_path)
                    best_wts = copy.deepcopy(model.state_dict())
        print(f"Training complete in {time.time() - since:.0f}s, best val Acc: {best_acc:4f}")
        model.load_state_dict(torch.load(best_path, weights_only=True))
        assert all(torch.equal(v, best_wts[k]) for k, v in model.state_dict().items())
    return model


backbone = nn.Sequential(nn.Conv2d(3, 16, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
model_ft = nn.Sequential()
model_ft.add_module("features", backbone)
model_ft.add_module("fc", nn.Linear(16, 1000))
model_ft.fc = nn.Linear(model_ft.fc.in_features, 2)
model_ft = model_ft.to(device)
criterion = nn.CrossEntropyLoss()
optimizer_ft = optim.Adam(model_ft.parameters(), lr=0.02)
exp_lr_scheduler = lr_scheduler.StepLR(optimizer_ft, step_size=7, gamma=0.1)
model_ft = train_model(model_ft, criterion, optimizer_ft, exp_lr_scheduler, num_epochs=9)
