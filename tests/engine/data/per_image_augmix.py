"""AugMix one image at a time with Pillow, written from METHODS 3: the truth, and the baseline for speed."""

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from card_studio.engine.data.augmix_ops import Op

_NINE = tuple(Op)[:9]


def operated(image: Image.Image, op: Op, level: float, sign: float) -> Image.Image:
    """Return a picture after one operation at level l of the table."""
    width, height = image.size
    shear, degrees = sign * 0.03 * level, sign * int(3 * level)
    across, down = (sign * int(level * (side / 3) / 10) for side in (width, height))
    affine = {
        Op.SHEAR_X: (1, shear, 0, 0, 1, 0),
        Op.SHEAR_Y: (1, 0, 0, shear, 1, 0),
        Op.TRANSLATE_X: (1, 0, across, 0, 1, 0),
        Op.TRANSLATE_Y: (1, 0, 0, 0, 1, down),
    }
    if op in affine:
        return image.transform((width, height), Image.Transform.AFFINE, affine[op], Image.Resampling.BILINEAR)
    match op:
        case Op.AUTOCONTRAST:
            return ImageOps.autocontrast(image)
        case Op.EQUALIZE:
            return ImageOps.equalize(image)
        case Op.POSTERIZE:
            return ImageOps.posterize(image, 4 - int(0.4 * level))
        case Op.SOLARIZE:
            return ImageOps.solarize(image, 256 - int(25.6 * level))
        case Op.ROTATE:
            return image.rotate(degrees, resample=Image.Resampling.BILINEAR)
    enhancers = {
        Op.COLOR: ImageEnhance.Color,
        Op.CONTRAST: ImageEnhance.Contrast,
        Op.BRIGHTNESS: ImageEnhance.Brightness,
        Op.SHARPNESS: ImageEnhance.Sharpness,
    }
    return enhancers[op](image).enhance(0.18 * level + 0.1)


def augmix_one(picture: np.ndarray, random: np.random.Generator, severity: float = 3.0) -> np.ndarray:
    """Return an AugMix view, float32 [H, W, 3] in [0, 1], of uint8 [H, W, 3]: width 3, random depths."""
    weights = np.float32(random.dirichlet([1, 1, 1]))
    share = np.float32(random.beta(1, 1))
    mixture = np.zeros(picture.shape, dtype=np.float32)
    image = Image.fromarray(picture)
    for weight in weights:
        augmented = image
        for _ in range(random.integers(1, 4)):
            op = _NINE[random.integers(9)]
            sign = 1.0 if random.random() < 0.5 else -1.0
            augmented = operated(augmented, op, random.uniform(0.1, severity), sign)
        mixture += weight * (np.asarray(augmented, dtype=np.float32) / 255)
    return (1 - share) * (np.asarray(picture, dtype=np.float32) / 255) + share * mixture
