"""Post-activation residual networks: CIFAR ResNet-8 to -56, ResNet-18 and its double-width card, ResNeXt-29.

Modules bear torchvision's names (conv1, bn1, layer1.0.downsample.0, fc), which RobustBench's LRR card uses too.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from card_studio.engine.nets_parts import ImageClassifier, Shape, conv1x1, conv3x3

_CARDINALITY = 4
_RESNEXT_EXPANSION = 4


def _shortcut(inputs: int, outputs: int, stride: int, affine: bool) -> nn.Module | None:
    """Return option B's projection (He et al. 2016), or None where the shape does not change."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(conv1x1(inputs, outputs, stride), nn.BatchNorm2d(outputs, affine=affine))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int, affine: bool) -> None:
        super().__init__()
        self.conv1 = conv3x3(inputs, outputs, stride)
        self.bn1 = nn.BatchNorm2d(outputs, affine=affine)
        self.conv2 = conv3x3(outputs, outputs)
        self.bn2 = nn.BatchNorm2d(outputs, affine=affine)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, outputs, stride, affine)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's activations [N, outputs, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        result: Tensor = self.relu(self.bn2(self.conv2(out)) + shortcut)
        return result


class ResNet(ImageClassifier):
    """A 3x3 stem, stages of basic blocks of which all but the first halve the image, mean pooling, a linear layer."""

    def __init__(self, shape: Shape, channels: Sequence[int], blocks: int) -> None:
        super().__init__(shape)
        inputs = shape.channels(channels[0])
        self.conv1 = conv3x3(3, inputs)
        self.bn1 = nn.BatchNorm2d(inputs, affine=shape.affine)
        self.relu = nn.ReLU(inplace=True)
        self.stages = len(channels)
        for index, count in enumerate(channels):
            outputs = shape.channels(count)
            strides = [1 if index == 0 else 2] + [1] * (blocks - 1)
            sources = [inputs] + [outputs] * (blocks - 1)
            stage = [BasicBlock(i, outputs, s, shape.affine) for i, s in zip(sources, strides, strict=True)]
            self.add_module(f"layer{index + 1}", nn.Sequential(*stage))
            inputs = outputs
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, shape.classes, bias=shape.affine)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return logits [N, classes] of normalised images."""
        out = self.relu(self.bn1(self.conv1(inputs)))
        for index in range(self.stages):
            out = self.get_submodule(f"layer{index + 1}")(out)
        logits: Tensor = self.fc(self.avgpool(out).flatten(1))
        return logits


class ResNeXtBlock(nn.Module):
    """A 1x1 reduction, a grouped 3x3 convolution and a 1x1 expansion beside a shortcut (Xie et al. 2017)."""

    def __init__(self, inputs: int, group_width: int, outputs: int, stride: int, affine: bool) -> None:
        super().__init__()
        inner = group_width * _CARDINALITY
        self.conv1 = conv1x1(inputs, inner)
        self.bn1 = nn.BatchNorm2d(inner, affine=affine)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, padding=1, groups=_CARDINALITY, bias=False)
        self.bn2 = nn.BatchNorm2d(inner, affine=affine)
        self.conv3 = conv1x1(inner, outputs)
        self.bn3 = nn.BatchNorm2d(outputs, affine=affine)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, outputs, stride, affine)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's activations [N, outputs, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        result: Tensor = self.relu(self.bn3(self.conv3(out)) + shortcut)
        return result


class ResNeXt29(ImageClassifier):
    """ResNeXt-29 4x32d: three stages of three blocks, four groups that are 32, 64 and 128 channels wide."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        inputs = shape.channels(64)
        self.conv1 = conv3x3(3, inputs)
        self.bn1 = nn.BatchNorm2d(inputs, affine=shape.affine)
        self.relu = nn.ReLU(inplace=True)
        stages: list[nn.Module] = []
        for index in range(3):
            group_width = shape.channels(32 << index)
            outputs = shape.channels(64 << index) * _RESNEXT_EXPANSION
            for block in range(3):
                stride = 2 if index and not block else 1
                stages.append(ResNeXtBlock(inputs, group_width, outputs, stride, shape.affine))
                inputs = outputs
        self.stages = nn.Sequential(*stages)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, shape.classes, bias=shape.affine)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return logits [N, classes] of normalised images."""
        out = self.stages(self.relu(self.bn1(self.conv1(inputs))))
        logits: Tensor = self.fc(self.avgpool(out).flatten(1))
        return logits
