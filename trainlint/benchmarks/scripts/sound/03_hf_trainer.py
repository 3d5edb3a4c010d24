"""Hugging Face Trainer: no visible backward, step or schedule; the model returns its own loss."""
import tempfile

import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments, set_seed


class ParityDataset(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.ids = torch.randint(0, 20, (n, 8), generator=g)
        self.labels = (self.ids[:, 0] >= 10).long()

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, i):
        return {"input_ids": self.ids[i], "labels": self.labels[i]}


class TinyForSequenceClassification(nn.Module):
    def __init__(self, vocab=20, dim=16, num_labels=2):
        super().__init__()
        self.embeddings = nn.Embedding(vocab, dim)
        self.classifier = nn.Linear(dim * 8, num_labels)
        self.loss_fct = nn.CrossEntropyLoss()

    def forward(self, input_ids, labels=None):
        logits = self.classifier(self.embeddings(input_ids).flatten(1))
        loss = self.loss_fct(logits, labels) if labels is not None else None
        return {"loss": loss, "logits": logits}


def compute_metrics(eval_pred):
    logits, labels = eval_pred
    return {"accuracy": float((logits.argmax(-1) == labels).mean())}


def main():
    set_seed(0)
    with tempfile.TemporaryDirectory() as out:
        args = TrainingArguments(
            output_dir=out, num_train_epochs=3, per_device_train_batch_size=32, learning_rate=2e-2,
            lr_scheduler_type="cosine", warmup_steps=4, gradient_accumulation_steps=2, logging_steps=5,
            report_to=[], save_strategy="no", disable_tqdm=True, use_cpu=True)
        trainer = Trainer(
            model=TinyForSequenceClassification(), args=args, train_dataset=ParityDataset(640, 0),
            eval_dataset=ParityDataset(128, 1), compute_metrics=compute_metrics)
        trainer.train()
        print(trainer.evaluate()["eval_accuracy"])


if __name__ == "__main__":
    main()
