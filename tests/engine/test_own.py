"""The code of one's own methods: loaded by its hash, held to what it promises, and refused in one clear line."""

import sys
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from card_studio.domain.names import MethodKind
from card_studio.domain.options import OwnAugmentation, OwnCorruption, OwnCriterion, OwnNetwork
from card_studio.domain.own import Extension
from card_studio.engine import own_code
from card_studio.engine.compress.magnitude import magnitude_masks
from card_studio.engine.data.augment import augmented, reference_images
from card_studio.engine.nets import build_net, initialise, prunable
from card_studio.engine.own import own_corrupted, own_scores
from card_studio.errors import ExtensionError
from card_studio.files import content_hash, write_atomically
from card_studio.studio.describe import describe_entry_point, describe_file

EXAMPLE = Path(__file__).parents[2] / "resources" / "extensions" / "example.py"
HEAD = "import torch\nfrom card_studio.extend import Options, augmentation, corruption, criterion, network, option\n"


@pytest.fixture(autouse=True)
def no_extensions(tmp_path: Path) -> Iterator[None]:
    """Nothing stays loaded from one test to the next."""
    own_code.use_extensions(tmp_path / "none")
    yield
    own_code.use_extensions(tmp_path / "none")
    for name in [name for name in sys.modules if name.startswith(("card_studio_own_", "acme_"))]:
        del sys.modules[name]


def added(path: Path, folder: Path) -> Extension:
    """Put a file's code into a folder, as a workspace does."""
    extension = describe_file(path)
    write_atomically(folder / f"{extension.source}.py", path.read_bytes())
    write_atomically(folder / f"{extension.source}.json", extension.model_dump_json().encode())
    own_code.use_extensions(folder)
    return extension


@pytest.fixture
def example(tmp_path: Path) -> Extension:
    """The documented example, added."""
    return added(EXAMPLE, tmp_path / "extensions")


def written(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + body, encoding="utf-8")
    return path


def test_the_example_has_one_method_of_each_kind(example: Extension) -> None:
    assert [method.kind for method in example.methods] == [
        MethodKind.NETWORK,
        MethodKind.AUGMENTATION,
        MethodKind.CRITERION,
        MethodKind.CORRUPTION,
    ]
    assert all(method.explanation and method.options for method in example.methods)
    assert all(option.help for method in example.methods for option in method.options)


def test_the_examples_network_is_built_and_fixed_by_its_seed(example: Extension) -> None:
    options = OwnNetwork.model_validate({"name": "own.tiny_mixer", "source": example.source, "depth": 3, "width": 0.5})
    shape: dict[str, Any] = {"classes": 7, "size": 32, "mean": (0.5,) * 3, "std": (0.25,) * 3}
    nets = []
    for drawn in (1, 2):
        torch.manual_seed(drawn)
        net = build_net(options, affine=True, **shape)
        initialise(net, "kaiming_normal", torch.Generator().manual_seed(5))
        nets.append(net.eval())
    images = torch.rand(2, 3, 32, 32)
    assert nets[0](images).shape == (2, 7)
    assert torch.equal(nets[0](images), nets[1](images))
    assert len(prunable(nets[0])) == 2 + 2 * 3  # the patches, two for each block, the classifier
    plain = build_net(options, affine=False, **shape)
    assert not [name for name in plain.state_dict() if name.endswith(".bias")]


def test_the_examples_stripes_lie_where_its_options_say(example: Extension) -> None:
    options = OwnAugmentation.model_validate(
        {"name": "own.stripes", "source": example.source, "period": 8, "strength": 1.0, "direction": "columns"}
    )
    images = torch.full((5, 3, 16, 16), 2.0)  # beyond what an image is: where it stays, it is clamped
    made = augmented(images, torch.Generator().manual_seed(3), options)
    striped = (made != 1).all(dim=(1, 2))
    assert striped.sum(dim=1).tolist() == [2] * 5
    grey = reference_images(torch.zeros(600, 3, 16, 16, dtype=torch.uint8), options, torch.Generator().manual_seed(3))
    assert grey.dtype == torch.uint8
    assert int(grey.max()) > 200


def test_the_examples_criterion_ranks_and_counts_stay_exact(example: Extension) -> None:
    weights = {"a": torch.tensor([1.0, -1.0, 1.0, -1.0]), "b": torch.tensor([0.9, 0.9, 0.9, 0.8])}
    given = {"name": "own.spread", "source": example.source}
    spread = OwnCriterion.model_validate({**given, "power": 4.0})
    plain = OwnCriterion.model_validate({**given, "power": 0.0})
    by_spread = magnitude_masks(weights, 0.5, criterion=spread)
    assert (by_spread["a"].tolist(), by_spread["b"].tolist()) == ([True] * 4, [False] * 4)
    shifted = {"a": weights["b"] * 2, "b": weights["a"]}
    for sparsity in (0.0, 0.25, 0.375, 0.875):
        ours = magnitude_masks(shifted, sparsity)
        theirs = magnitude_masks(shifted, sparsity, criterion=plain)
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    later = magnitude_masks(weights, 0.75, criterion=spread, previous={"a": torch.tensor([True, False, True, True]),
                                                                       "b": torch.tensor([True] * 4)})  # fmt: skip
    assert not later["a"][1]
    assert sum(int(mask.sum()) for mask in later.values()) == 2


def test_the_examples_corruption_is_a_function_of_each_images_seed(example: Extension) -> None:
    options = OwnCorruption.model_validate({"name": "own.posterise_bars", "source": example.source, "width": 4})
    images = torch.randint(256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    seeds = torch.arange(6) + 11
    whole = own_corrupted(images, 5, seeds, options)
    parts = [own_corrupted(images[part], 5, seeds[part], options) for part in (slice(0, 1), slice(1, 6))]
    assert torch.equal(whole, torch.cat(parts))
    assert set(whole[whole != images].tolist()) <= {0, 128}
    assert not torch.equal(whole, images)


def test_negative_scores_rank_as_any_other(tmp_path: Path) -> None:
    body = "@criterion('low')\ndef low(weights, options):\n    return {n: -w.abs() for n, w in weights.items()}\n"
    extension = added(written(tmp_path, body), tmp_path / "extensions")
    options = OwnCriterion(name="own.low", source=extension.source)
    weights = {"a": torch.tensor([3.0, 1.0, 2.0, 4.0])}
    assert magnitude_masks(weights, 0.5, criterion=options)["a"].tolist() == [False, True, True, False]


NETWORK = "@network('net')\ndef net(shape, options):\n    {}\n"
AUGMENTATION = "@augmentation('aug')\ndef aug(images, generator, options):\n    {}\n"
CRITERION = "@criterion('crit')\ndef crit(weights, options):\n    {}\n"
CORRUPTION = "@corruption('bars')\ndef bars(image, severity, generator, options):\n    {}\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def (:", "SyntaxError: invalid syntax (line 3)"),
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name' (line 3)"),
        ("1 / 0", "ZeroDivisionError: division by zero (line 3)"),
        ("raise SystemExit('bye')", "SystemExit: bye (line 3)"),
        ("answer = 42", "it registers nothing"),
        (AUGMENTATION.replace("aug'", "gaussian'").format("return images"), "'gaussian' is one that is built in"),
        (AUGMENTATION.replace("aug'", "Über'").format("return images"), "cannot be used"),
        (AUGMENTATION.format("return images") * 2, "own.aug is registered twice"),
        (AUGMENTATION.format("return images[:1]"), "must return a float32 tensor [3, 3, 32, 32], not float32 [1, 3"),
        (AUGMENTATION.format("return None"), "must return a float32 tensor [3, 3, 32, 32], not NoneType"),
        (AUGMENTATION.format("return images.mul_(0.5)"), "changes the images that it is given"),
        (AUGMENTATION.format("return torch.rand_like(images)"), "draw from the generator only"),
        (AUGMENTATION.format("return images / 0 * 0"), "must return numbers"),
        (AUGMENTATION.format("return images + options.nix"), "AttributeError"),
        (NETWORK.format("return 3"), "must return a torch.nn.Module, not int"),
        (NETWORK.format("return torch.nn.Flatten()"), "nothing to prune"),
        (NETWORK.format("return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(5))"), "own.net"),
        (NETWORK.format("return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 5))"), "not [3, 5]"),
        (
            NETWORK.format(
                "n = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, shape.classes));"
                " n.register_buffer('b', torch.ones(1), persistent=False); return n"
            ),
            "keeps tensors outside its state dict",
        ),
        (CRITERION.format("return weights['conv.weight']"), "a dict with a tensor for each of the 2 layers"),
        (CRITERION.format("return {n: w.sum() for n, w in weights.items()}"), "layer conv.weight must return"),
        (CRITERION.format("return {n: w / 0 for n, w in weights.items()}"), "infinite or not a number"),
        (CORRUPTION.format("return image.float()"), "must return a uint8 tensor [3, 32, 32], not float32"),
        (CORRUPTION.format("return torch.randint_like(image, 255)"), "draw from the generator only"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(ExtensionError) as refused:
        describe_file(written(tmp_path, body))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_code_that_is_missing_or_was_changed_is_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    folder = tmp_path / "extensions"
    extension = added(written(tmp_path, AUGMENTATION.format("return images")), folder)
    options = OwnAugmentation(name="own.aug", source=extension.source)
    images = torch.zeros(1, 3, 8, 8)
    copy = folder / f"{extension.source}.py"
    copy.write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    for state in ("changed", "code gone", "all gone"):
        own_code.use_extensions(folder)
        with pytest.raises(ExtensionError) as refused:
            augmented(images, torch.Generator(), options)
        assert ("mine.py" in str(refused.value)) == (state != "all gone")
        copy.unlink(missing_ok=True)
        if state == "code gone":
            copy.with_suffix(".json").unlink()
    assert "needs the code " + extension.source[:8] in str(refused.value)
    assert not ran.exists()


def test_options_are_checked_by_the_code_itself_too(tmp_path: Path) -> None:
    body = """
from pydantic import model_validator
class Both(Options):
    low: int = option(1, "Low")
    high: int = option(2, "High")
    @model_validator(mode="after")
    def _ordered(self):
        if self.low >= self.high:
            raise ValueError("low must be less than high")
        return self
@augmentation("aug", Both)
def aug(images, generator, options):
    return images
"""
    extension = added(written(tmp_path, body), tmp_path / "extensions")
    wrong = OwnAugmentation.model_validate({"name": "own.aug", "source": extension.source, "low": 3, "high": 2})
    with pytest.raises(ExtensionError, match="low must be less than high"):
        augmented(torch.zeros(1, 3, 8, 8), torch.Generator(), wrong)


def test_scores_are_given_copies_of_the_weights(tmp_path: Path) -> None:
    body = CRITERION.format("return {n: w.zero_() for n, w in weights.items()}")
    extension = added(written(tmp_path, body), tmp_path / "extensions")
    weight = nn.Parameter(torch.ones(4))
    own_scores(OwnCriterion(name="own.crit", source=extension.source), {"a": weight})
    assert weight.tolist() == [1.0] * 4


def installed(folder: Path, version: str, body: str = "return images") -> Path:
    """Lay out a distribution as an installer leaves it."""
    info = folder / f"acme_methods-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-methods\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("[card_studio.extensions]\nstripes = acme_methods\n")
    (info / "RECORD").write_text(f"acme_methods.py,,\n{info.name}/METADATA,,\n{info.name}/entry_points.txt,,\n")
    (folder / "acme_methods.py").write_text(HEAD + AUGMENTATION.format(body))
    assert PathDistribution(info).version == version
    return folder


def test_an_installed_package_registers_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(installed(tmp_path / "site", "1.0"))
    (entry,) = [each for each in own_code.installed_entry_points() if each.module == "acme_methods"]
    extension = describe_entry_point(entry)
    assert extension.label == "acme-methods: stripes"
    assert [method.name for method in extension.methods] == ["own.aug"]
    folder = tmp_path / "extensions"
    write_atomically(folder / f"{extension.source}.json", extension.model_dump_json().encode())
    own_code.use_extensions(folder)
    options = OwnAugmentation(name="own.aug", source=extension.source)
    assert augmented(torch.ones(1, 3, 8, 8), torch.Generator(), options).min() == 1

    monkeypatch.syspath_prepend(installed(tmp_path / "newer", "2.0"))
    own_code.use_extensions(folder)
    with pytest.raises(ExtensionError, match="acme-methods: stripes is installed in another version"):
        augmented(torch.ones(1, 3, 8, 8), torch.Generator(), options)


def test_a_packages_code_counts_and_not_only_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = []
    for name, body in (("a", "return images"), ("b", "return images * 1")):
        with monkeypatch.context() as here:
            here.syspath_prepend(installed(tmp_path / name, "1.0", body))
            (entry,) = [each for each in own_code.installed_entry_points() if each.module == "acme_methods"]
            sources.append(own_code.source_of(entry))
            sys.modules.pop("acme_methods", None)
    assert len(set(sources)) == 2
    assert content_hash(b"") not in sources
