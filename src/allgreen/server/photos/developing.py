"""Developing: a program that makes two small photos of whatever is sent to it.

It runs as a process of its own, because what it reads comes from anybody: with little memory,
little time, no environment and no file but its pipes. It reads a picture from standard input and
writes two WebP files to standard output, the length of the first before them. Nothing but the
pixels is kept: no EXIF with the place it was taken at, no XMP, no colour profile, no name.
"""

import io
import os
import resource
import sys
import warnings
from typing import Final

from PIL import Image

MOST_PIXELS: Final = 24_000_000
MOST_BYTES: Final = 2 * 1024 * 1024
LARGE_PX: Final = 256
SMALL_PX: Final = 64
TOO_MANY_PIXELS: Final = 3
"""Exit code: the header tells more than `MOST_PIXELS`."""
UNREADABLE: Final = 4
"""Exit code: it is no picture of the three formats, or not a whole one."""
LENGTH_BYTES: Final = 4
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_MEMORY_BYTES: Final = 512 * 1024 * 1024
_CPU_S: Final = 5
_ORIENTATION: Final = 0x0112
# How the camera was held (EXIF 2.32, section 4.6.4), and what turns the picture upright.
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class TooManyPixelsError(Exception):
    """The header tells of more than could be decoded."""


def main() -> int:
    """Develop standard input to standard output; return the exit code."""
    _confine()
    try:
        large, small = develop(sys.stdin.buffer.read(MOST_BYTES + 1))
    except TooManyPixelsError:
        return TOO_MANY_PIXELS
    except Exception:  # noqa: BLE001 - whatever a decoder raises, the picture cannot be used
        return UNREADABLE
    sys.stdout.buffer.write(len(large).to_bytes(LENGTH_BYTES) + large + small)
    return 0


def develop(picture: bytes) -> tuple[bytes, bytes]:
    """Return a picture as two square WebP files, 256 and 64 px wide.

    Raises:
        TooManyPixelsError: It says so in its header; nothing was decoded.
        OSError: It is none of the formats, or it is broken.
    """
    # Pillow reads the size in the header, and refuses more than twice this before it decodes.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as image:
            large = _square(image)
    except Image.DecompressionBombError:
        raise TooManyPixelsError from None
    return _encode(large), _encode(large.resize((SMALL_PX, SMALL_PX), Image.Resampling.LANCZOS))


def _square(image: Image.Image) -> Image.Image:
    """Return the middle of a picture, upright, with nothing but its pixels."""
    turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    image.draft("RGB", (LARGE_PX * 2, LARGE_PX * 2))  # JPEG is decoded smaller, which is quicker
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    pixels = _in_colour(image).resize(
        (LARGE_PX, LARGE_PX),
        Image.Resampling.LANCZOS,
        box=(left, top, left + side, top + side),
        reducing_gap=3.0,
    )
    if turn is not None:
        pixels = pixels.transpose(turn)
    # Into a new one: a copy would take along what was said beside the pixels.
    bare = Image.new(pixels.mode, pixels.size)
    bare.paste(pixels)
    return bare


def _in_colour(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256, "L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _encode(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=82, method=4)
    return file.getvalue()


def _confine() -> None:
    """Let this process take little, before it looks at anything."""
    warnings.simplefilter("ignore")  # nobody reads what it writes on standard error
    os.nice(10)  # checks go first
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    except (OSError, ValueError):
        if sys.platform != "darwin":  # which does not let a process limit its own memory
            raise


if __name__ == "__main__":
    sys.exit(main())
