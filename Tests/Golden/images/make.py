#!/usr/bin/env python3
"""Writes the small images beside it and what the reference example makes of them.

Needs Pillow, scikit-image and NumPy (made with 13.0.0, 0.26.0 and 2.4.6); the tests need none.
`cat_256.ppm` and `.png` are not made here.
"""

import pathlib
import struct
import zlib

import numpy
from PIL import Image
from skimage import transform

FOLDER = pathlib.Path(__file__).parent
HEIGHT, WIDTH = 29, 37


def picture():
    """Slopes in three colours, with a disc and some noise."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    noise = numpy.random.default_rng(1).integers(0, 20, (HEIGHT, WIDTH, 3))
    image = numpy.stack([6 * x, 8 * y, 255 - 3 * (x + y)], axis=2).clip(0, 235) + noise
    image[(y - 14) ** 2 + (x - 20) ** 2 < 60] = (250, 20, 40)
    return image.astype(numpy.uint8)


def save(name, array):
    numpy.save(FOLDER / name, array)


def decoded(name):
    """As caffe.io.load_image gives it, but in 0 … 255."""
    with Image.open(FOLDER / name) as image:
        save(pathlib.Path(name).with_suffix(".npy").name, numpy.asarray(image.convert("RGB")))


def resize_image(image, size):
    """caffe.io.resize_image, with what scikit-image did by default in its day."""
    least, most = image.min(), image.max()
    standard = (image - least) / (most - least)
    resized = transform.resize(standard, size, order=1, mode="constant", anti_aliasing=False)
    return (resized * (most - least) + least).astype(numpy.float32)


def save_deep(name, samples):
    """A PNG of 16 bits a sample, which Pillow does not write, that claims a gamma of 1."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"gAMA", struct.pack(">I", 100000))]
    chunks += [(b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    data = b"".join(chunk(*each) for each in chunks)
    (FOLDER / name).write_bytes(b"\x89PNG\r\n\x1a\n" + data)


pixels = picture()
image = Image.fromarray(pixels)
image.save(FOLDER / "colour.jpg", quality=85)
image.save(FOLDER / "progressive.jpg", quality=85, progressive=True)
image.convert("L").save(FOLDER / "grey.jpg", quality=85)
image.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=85)
image.save(FOLDER / "colour.png")
image.quantize(16).save(FOLDER / "palette.png", transparency=3)
alpha = numpy.dstack([pixels, numpy.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 256])
Image.fromarray(alpha.astype(numpy.uint8)).save(FOLDER / "alpha.png")
save_deep("deep.png", pixels.astype(numpy.uint16) * 257)
for name in ["colour.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "palette.png"]:
    decoded(name)
save("pixels.npy", pixels)
save("smaller.npy", resize_image(pixels.astype(numpy.float64), (11, 16)))
save("larger.npy", resize_image(pixels.astype(numpy.float64), (40, 53)))
