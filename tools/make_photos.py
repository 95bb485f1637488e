"""Write the photographs behind Fashion-MNIST-M that ship with stepgrad, from the wheel of scikit-image 0.26.0.

    python tools/make_photos.py scikit_image-0.26.0-....whl

The middle square of each, 256 x 256 pixels. All are in the public domain or CC0: see LICENSE-photos.txt beside them.
"""

import io
import sys
import zipfile

from stepgrad.datasets import fashion_mnist_m
from stepgrad.utils import load_img

SIZE = 256


def main() -> None:
    fashion_mnist_m.PHOTOS.mkdir(exist_ok=True)
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        for name in (
            "astronaut.png",
            "chelsea.png",
            "coffee.png",
            "hubble_deep_field.jpg",
            "retina.jpg",
            "rocket.jpg",
        ):
            image = load_img(
                io.BytesIO(wheel.read(f"skimage/data/{name}")),
                target_size=(SIZE, SIZE),
                interpolation="lanczos",
                keep_aspect_ratio=True,
            )
            image.save(fashion_mnist_m.PHOTOS / f"{name.rpartition('.')[0]}.jpg", quality=90)


if __name__ == "__main__":
    main()
