"""Networks without shortcuts: Conv2/4/6/8 of the lottery-ticket and edge-popup papers, and VGG16-small."""

from torch import Tensor, nn

from card_studio.engine.nets_parts import ImageClassifier, Shape, conv3x3

_HIDDEN = 256
_VGG_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


class ConvNet(ImageClassifier):
    """Pairs of 3x3 convolutions, 64 channels and doubling, each pair max-pooled; then two hidden layers of 256.

    No batch norm. Biases where the shape is affine (Frankle and Carbin 2019), none otherwise (Ramanujan et al. 2020).
    """

    def __init__(self, shape: Shape, pairs: int) -> None:
        super().__init__(shape)
        layers: list[nn.Module] = []
        inputs = 3
        for pair in range(pairs):
            outputs = shape.channels(64 << pair)
            for source in (inputs, outputs):
                layers += [nn.Conv2d(source, outputs, 3, padding=1, bias=shape.affine), nn.ReLU(inplace=True)]
            layers.append(nn.MaxPool2d(2))
            inputs = outputs
        self.features = nn.Sequential(*layers)
        side = shape.size >> pairs
        hidden = shape.channels(_HIDDEN)
        self.classifier = nn.Sequential(
            nn.Linear(inputs * side * side, hidden, bias=shape.affine),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden, bias=shape.affine),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, shape.classes, bias=shape.affine),
        )

    def logits(self, inputs: Tensor) -> Tensor:
        """Return logits [N, classes] of normalised images."""
        logits: Tensor = self.classifier(self.features(inputs).flatten(1))
        return logits


class Vgg16Small(ImageClassifier):
    """VGG16's thirteen convolutions with batch norm, average pooling, and one linear layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        layers: list[nn.Module] = []
        inputs = 3
        for index, (channels, repeats) in enumerate(_VGG_BLOCKS):
            if index:
                layers.append(nn.MaxPool2d(2))
            outputs = shape.channels(channels)
            for _ in range(repeats):
                norm = nn.BatchNorm2d(outputs, affine=shape.affine)
                layers += [conv3x3(inputs, outputs), norm, nn.ReLU(inplace=True)]
                inputs = outputs
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(inputs, shape.classes, bias=shape.affine)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return logits [N, classes] of normalised images."""
        logits: Tensor = self.classifier(self.pool(self.features(inputs)).flatten(1))
        return logits
