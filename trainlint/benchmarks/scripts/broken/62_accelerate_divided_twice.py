"""accelerator.backward already divides by the accumulation steps and the script divides once more (marked FAULT)."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=4)
    torch.manual_seed(0)
    x = torch.randn(480, 12)
    y = (x[:, :3].sum(1) > 0).long() + (x[:, 3] > 1).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=20, shuffle=True)
    model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    criterion = nn.CrossEntropyLoss()

    for epoch in range(5):
        model.train()
        total_loss = 0.0
        for inputs, targets in loader:
            with accelerator.accumulate(model):
                outputs = model(inputs)
                loss = criterion(outputs, targets)
                total_loss += loss.detach().float()
                accelerator.backward(loss / accelerator.gradient_accumulation_steps)  # FAULT
                optimizer.step()
                optimizer.zero_grad()
        accelerator.print(f"epoch {epoch}: {total_loss.item() / len(loader):.4f}")


if __name__ == "__main__":
    main()
