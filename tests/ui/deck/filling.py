"""Fills a workspace through the store as runs would: cards and their files, answers, maps, references, distances."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.gate import Gate, cell_name, features, reference_key, suite_key
from card_studio.domain.ids import CardId
from card_studio.domain.job import GateOptions, MakeCard, MapOptions, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.options import AugmixAugmentation, CleanAugmentation, GaussianAugmentation, ShapesData
from card_studio.domain.recipe import Recipe, recipe_from
from card_studio.domain.run import (
    CardEvaluated,
    CardMade,
    CellEvaluated,
    DistancesMeasured,
    MapMeasured,
    ReferenceBuilt,
)
from card_studio.files import array_bytes, write_atomically
from card_studio.store.artifacts import Artifacts
from card_studio.store.database import open_database
from card_studio.store.ledger import Ledger
from card_studio.studio.workspace import Workspace
from tests.ui.deck.images import augmented, blurred, faded, natural, noisy

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DIGEST = "d" * 64
SUITE = Suite(
    corruptions=(CorruptionName.GAUSSIAN_NOISE, CorruptionName.DEFOCUS_BLUR, CorruptionName.CONTRAST),
    severities=(1, 3, 5),
)
AUGMENTATIONS = (CleanAugmentation(), GaussianAugmentation(), AugmixAugmentation())
HANDS = (
    ("clean", "dense", 0.0),
    ("clean", "lrr", 0.8),
    ("gaussian", "lrr", 0.8),
    ("gaussian", "biprop", 0.95),
    ("augmix", "lrr", 0.8),
    ("augmix", "fine_tune", 0.9),
)
"""Augmentation, method and sparsity of the cards that every test has, by number."""


_MAKE_FILES = """
import sys, torch
from pathlib import Path
from card_studio.domain.recipe import recipe_from
from card_studio.engine.card_file import CardContent, save_card
from card_studio.engine.nets import build_net, initialise
for seed in range(int(sys.argv[2])):
    recipe = recipe_from({"network": {"name": sys.argv[3], "width": float(sys.argv[4])}, "seed": seed})
    net = build_net(recipe.network, classes=10, size=32, mean=(0.5,) * 3, std=(0.25,) * 3, affine=True)
    initialise(net, "kaiming_normal", torch.Generator().manual_seed(seed))
    content = CardContent(recipe=recipe, fingerprint="f" * 64, classes=tuple("abcdefghij"), size=32, mean=(0.5,) * 3,
        std=(0.25,) * 3, data_label="shapes", data_digest="d" * 64, level=0, total_epochs=1.0,
        state=net.state_dict(), packages={})
    print(save_card(content, Path(sys.argv[1])).id)
"""


def make_card_files(folder: Path, count: int, network: str = "conv2", width: float = 0.125) -> dict[CardId, Path]:
    """Write real files of small, untrained cards, in a child so that this process stays without torch."""
    command = [sys.executable, "-c", _MAKE_FILES, str(folder), str(count), network, str(width)]
    ids = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return {CardId(each): folder / f"{each}.card" for each in ids}


@dataclass
class Dealt:
    """A workspace being filled, as the store would be by runs."""

    workspace: Workspace
    folder: Path
    ledger: Ledger
    artifacts: Artifacts
    files: dict[CardId, Path]
    cards: list[CardId] = field(default_factory=list)
    images: NDArray[np.uint8] = field(default_factory=lambda: natural(40, 1))

    def add_card(
        self, number: int, *, name: str = "", digest: str = DIGEST, file: bool = True, **changes: object
    ) -> CardId:
        """Put a card into the library; of the first six the file is real."""
        augmentation, method, sparsity = HANDS[number % len(HANDS)]
        values = {"augmentation": {"name": augmentation}, "seed": number, "network": {"name": "resnet20"}}
        values["compression"] = {"method": method, **({"sparsity": sparsity} if sparsity else {})}
        recipe = recipe_from(values)
        real = list(self.files)
        card = real[number] if file and number < len(real) else CardId(f"{number:064x}")
        if file and number < len(real):
            target = self.folder / "cards" / f"{card}.card"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(self.files[card].read_bytes())
        made = {
            "at": 1000.0 + number,
            "card": card,
            "name": name or recipe.title,
            "recipe": recipe,
            "fingerprint": f"{number:064d}",
            "data_label": "shapes" if digest == DIGEST else "photos",
            "data_digest": digest,
            "classes": CLASSES,
            "size": 32,
            "sparsity": sparsity,
            "prunable_weights": 270_000,
            "kept_weights": round(270_000 * (1 - sparsity)),
            "parameters": 272_000,
            "binary": method == "biprop",
            "file_bytes": round(1_080_000 * (1 - sparsity)) + 9_000,
            "reference_bytes": 30_000,
            "level": 0,
            "total_epochs": 30.0,
            "validation_accuracy": 0.9,
        }
        self.tell(CardMade(**(made | changes)))
        self.cards.append(card)
        return card

    def tell(self, *events: object) -> None:
        """Bring events into the database through a run of their own."""
        job = self.ledger.add(MakeCard(recipe=Recipe()), priority=10_000)
        claim = self.ledger.claim("test")
        assert claim is not None
        assert claim.job.id == job.id
        self.ledger.ingest(claim.run.id, list(events), offset=1)  # type: ignore[arg-type]
        self.ledger.end(claim.run.id, "finished")  # type: ignore[arg-type]
        self.ledger.forget([job.id])

    def cells(self) -> list[tuple[CorruptionName | None, int, NDArray[np.uint8]]]:
        """Return the suite's images, the clean ones first."""
        found: list[tuple[CorruptionName | None, int, NDArray[np.uint8]]] = [(None, 0, self.images)]
        for severity in SUITE.severities:
            found.append((CorruptionName.GAUSSIAN_NOISE, severity, noisy(self.images, 9.0 * severity, severity)))
        found += [(CorruptionName.DEFOCUS_BLUR, s, blurred(self.images, 0.2 * s)) for s in SUITE.severities]
        found += [(CorruptionName.CONTRAST, s, faded(self.images, 0.15 * s)) for s in SUITE.severities]
        return found

    def evaluate(self, card: CardId, clean: float, drop: float = 0.05) -> None:
        """Store answers that are right for a share of the images, less at each severity."""
        generator = np.random.default_rng(int(card[:8], 16))
        labels = np.arange(len(self.images)) % 10
        answers, cells = [], []
        for corruption, severity, images in self.cells():
            right = generator.random(len(images)) < clean - drop * severity
            said = np.where(right, labels, (labels + 3) % 10)
            answers.append(0.02 + 0.8 * np.eye(10)[said])
            accuracy = float(right.mean())
            cells.append(
                CellEvaluated(
                    card=card, corruption=corruption, severity=severity, accuracy=accuracy, images=len(images)
                )
            )
        probabilities = self.artifacts.keep(np.asarray(answers, np.float16))
        self.tell(
            CardEvaluated(
                at=2000.0,
                card=card,
                suite=SUITE,
                suite_key=suite_key(SUITE, DIGEST),
                data_digest=DIGEST,
                cells=tuple(cells),
                calibration_error=0.05,
                probabilities=probabilities,
                labels=self.artifacts.keep(labels.astype(np.int64)),
                images=len(labels),
                forward_s=1.0,
                corruption_s=1.0,
            )
        )

    def map(self, card: CardId) -> None:
        """Store a smooth map."""
        generator = np.random.default_rng(int(card[:8], 16))
        y, x = np.mgrid[-1:1:32j, -1:1:32j]
        ring = np.exp(-(((np.hypot(x, y) - generator.uniform(0.2, 1.0)) / 0.4) ** 2))
        errors = np.clip(0.05 + generator.uniform(0.4, 0.9) * ring, 0, 1).astype(np.float32)
        self.tell(
            MapMeasured(
                at=3000.0,
                card=card,
                options=MapOptions(),
                size=32,
                errors=self.artifacts.keep(errors),
                clean_error=0.1,
                mean_error=float(errors.mean()),
                images=256,
            )
        )

    def prepare_gate(self, *names: str, references: int = 60) -> None:
        """Store references and distances of augmentations; of all three without names."""
        base = natural(references, 2)
        images = [each for _, _, each in self.cells()]
        for augmentation in AUGMENTATIONS:
            name = str(augmentation.name)
            if names and name not in names:
                continue
            options = GateOptions()
            spectra = features(augmented(base, name), options)
            key = reference_key(DIGEST, augmentation, options)
            gate = Gate({name: spectra}, options)
            distances = np.stack([gate.distances(each)[:, 0] for each in images])
            self.tell(
                ReferenceBuilt(
                    at=4000.0,
                    key=key,
                    data_digest=DIGEST,
                    data_label="shapes",
                    augmentation=augmentation,
                    options=options,
                    spectra=self.artifacts.keep(spectra),
                ),
                DistancesMeasured(
                    at=4001.0,
                    reference_key=key,
                    suite=SUITE,
                    suite_key=suite_key(SUITE, DIGEST),
                    data_digest=DIGEST,
                    data=ShapesData(),
                    distances=self.artifacts.keep(distances.astype(np.float32)),
                ),
            )

    def cache_samples(self) -> None:
        """Put the suite's images where an evaluation leaves them."""
        for corruption, severity, images in self.cells():
            path = self.workspace.path / "cache" / "suites" / cell_name(SUITE, DIGEST, corruption, severity)
            write_atomically(path, array_bytes(images))

    def deal_all(self, *, references: int = 60) -> None:
        """Fill everything: six cards, evaluated, mapped, with a gate."""
        for number in range(len(HANDS)):
            card = self.add_card(number)
            self.evaluate(card, 0.95 - 0.01 * number, 0.03 + 0.01 * number)
            self.map(card)
        self.prepare_gate(references=references)
        self.cache_samples()


@contextmanager
def opened(folder: Path, files: dict[CardId, Path]) -> Iterator[Dealt]:
    """Open a workspace to be filled."""
    workspace = Workspace(folder)
    database = open_database(folder)
    yield Dealt(workspace, folder, Ledger(database), Artifacts(folder / "artifacts"), files)
    workspace.close()
    database.close()
