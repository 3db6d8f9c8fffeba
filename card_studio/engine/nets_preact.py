"""The pre-activation ResNet-18 of RobustBench's Binary card: 64-192-384-768 channels, batch norm never affine."""

import torch.nn.functional as F  # noqa: N812 (PyTorch's own convention)
from torch import Tensor, nn

from card_studio.engine.nets_parts import ImageClassifier, Shape, conv1x1, conv3x3

_CHANNELS = (64, 192, 384, 768)


class PreActBlock(nn.Module):
    """Norm, ReLU, 3x3, norm, ReLU, 3x3; the shortcut starts from the pre-activated input, also where it is identity."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(inputs, outputs, stride)
        self.bn1 = nn.BatchNorm2d(inputs, affine=False)
        self.conv2 = conv3x3(outputs, outputs)
        self.bn2 = nn.BatchNorm2d(outputs, affine=False)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(conv1x1(inputs, outputs, stride), nn.BatchNorm2d(outputs, affine=False))

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's sums [N, outputs, H / stride, W / stride]."""
        active = F.relu(self.bn1(x))
        out = self.conv2(F.relu(self.bn2(self.conv1(active))))
        result: Tensor = out + self.shortcut(active)
        return result


class PreActResNet18(ImageClassifier):
    """A 3x3 stem, four stages of two blocks, norm and ReLU, mean pooling, and a 1x1 convolution as classifier."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        counts = [shape.channels(count) for count in _CHANNELS]
        inputs = counts[0]
        self.conv1 = conv3x3(3, inputs)
        self.bn1 = nn.BatchNorm2d(counts[-1], affine=False)
        for index, outputs in enumerate(counts):
            first = PreActBlock(inputs, outputs, stride=2 if index else 1)
            self.add_module(f"layer{index + 1}", nn.Sequential(first, PreActBlock(outputs, outputs, stride=1)))
            inputs = outputs
        self.fc = conv1x1(inputs, shape.classes)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return logits [N, classes] of normalised images."""
        out = self.conv1(inputs)
        for index in range(len(_CHANNELS)):
            out = self.get_submodule(f"layer{index + 1}")(out)
        out = F.adaptive_avg_pool2d(F.relu(self.bn1(out)), 1)
        logits: Tensor = self.fc(out).flatten(1)
        return logits
