"""The Trainer subclass softmaxes the logits before the weighted cross entropy in compute_loss (marked FAULT)."""
import tempfile

import torch
from torch import nn
from transformers import Trainer, TrainingArguments, set_seed


class WeightedTrainer(Trainer):
    def __init__(self, *args, class_weights=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.class_weights = class_weights

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        probs = torch.softmax(outputs["logits"], dim=-1)
        loss = nn.functional.cross_entropy(probs, labels, weight=self.class_weights)  # FAULT
        return (loss, outputs) if return_outputs else loss


class Rows(torch.utils.data.Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.x = torch.randn(n, 10, generator=g)
        self.y = (self.x[:, 0] + self.x[:, 1] > 0.8).long()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return {"features": self.x[i], "labels": self.y[i]}


class TabularModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(10, 32), nn.GELU(), nn.Dropout(0.1), nn.Linear(32, 2))

    def forward(self, features):
        return {"logits": self.net(features)}


def main():
    set_seed(0)
    with tempfile.TemporaryDirectory() as out:
        args = TrainingArguments(
            output_dir=out, num_train_epochs=3, per_device_train_batch_size=32, learning_rate=5e-3,
            logging_steps=10, report_to=[], save_strategy="no", disable_tqdm=True, use_cpu=True,
            label_names=["labels"])
        trainer = WeightedTrainer(
            model=TabularModel(), args=args, train_dataset=Rows(480, 0), eval_dataset=Rows(120, 1),
            class_weights=torch.tensor([0.7, 1.4]))
        trainer.train()
        print(round(trainer.evaluate()["eval_loss"], 4))


if __name__ == "__main__":
    main()
