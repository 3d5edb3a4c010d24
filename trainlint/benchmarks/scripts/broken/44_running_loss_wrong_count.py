"""The epoch loss sums loss * batch size and divides by the number of batches (marked FAULT)."""
import time

import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset


def train_model(model, dataloaders, criterion, optimizer, num_epochs=4):
    since = time.time()
    for epoch in range(num_epochs):
        print(f"Epoch {epoch}/{num_epochs - 1}")
        for phase in ["train", "val"]:
            if phase == "train":
                model.train()
            else:
                model.eval()
            running_loss = 0.0
            running_corrects = 0
            for inputs, labels in dataloaders[phase]:
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
            epoch_loss = running_loss / len(dataloaders[phase])  # FAULT
            epoch_acc = running_corrects.double() / len(dataloaders[phase].dataset)
            print(f"{phase} Loss: {epoch_loss:.4f} Acc: {epoch_acc:.4f}")
    print(f"done in {time.time() - since:.1f}s")
    return model


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.randn(500, 14)
    y = (x[:, 0] > x[:, 1]).long()
    dataloaders = {
        "train": DataLoader(TensorDataset(x[:400], y[:400]), batch_size=16, shuffle=True),
        "val": DataLoader(TensorDataset(x[400:], y[400:]), batch_size=16),
    }
    model_ft = nn.Sequential(nn.Linear(14, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))
    train_model(model_ft, dataloaders, nn.CrossEntropyLoss(), optim.SGD(model_ft.parameters(), lr=0.05, momentum=0.9))
