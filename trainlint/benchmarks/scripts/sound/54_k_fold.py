"""Cross-validation: the same data set feeds the train and the validation loader through disjoint index samplers."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Subset, SubsetRandomSampler, TensorDataset


def kfold(n, k, seed=0):
    perm = torch.randperm(n, generator=torch.Generator().manual_seed(seed)).tolist()
    for f in range(k):
        test = perm[f::k]
        held = set(test)
        yield [i for i in perm if i not in held], test


def reset_weights(m):
    for layer in m.children():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()


if __name__ == "__main__":
    torch.manual_seed(42)
    X = torch.randn(400, 12)
    y = (X[:, 0] - X[:, 1] + 0.3 * torch.randn(400) > 0).float()
    dataset = TensorDataset(X, y)
    loss_function = nn.BCEWithLogitsLoss()
    results = {}
    network = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 1), nn.Flatten(0))
    for fold, (train_ids, test_ids) in enumerate(kfold(len(dataset), 4)):
        trainloader = DataLoader(dataset, batch_size=25, sampler=SubsetRandomSampler(train_ids))
        testloader = DataLoader(Subset(dataset, test_ids), batch_size=50)
        network.apply(reset_weights)
        optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
        for epoch in range(4):
            network.train()
            current_loss = 0.0
            for inputs, targets in trainloader:
                optimizer.zero_grad()
                outputs = network(inputs)
                loss = loss_function(outputs, targets)
                loss.backward()
                optimizer.step()
                current_loss += loss.item()
        network.eval()
        correct, total = 0, 0
        with torch.no_grad():
            for inputs, targets in testloader:
                predicted = (torch.sigmoid(network(inputs)) > 0.5).float()
                total += targets.size(0)
                correct += (predicted == targets).sum().item()
        results[fold] = 100.0 * correct / total
        print(f"fold {fold}: loss {current_loss / len(trainloader):.3f} accuracy {results[fold]:.1f}%")
    print("average", sum(results.values()) / len(results))
