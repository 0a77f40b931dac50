"""Photos: whatever is sent, nothing of it but the pixels is kept, and nothing of it can hurt."""

from __future__ import annotations

import asyncio
import io
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from PIL import Image, PngImagePlugin
from sqlalchemy import func, select

from allgreen.errors import InvalidInputError
from allgreen.server.photos import darkroom
from allgreen.server.photos.darkroom import Darkroom
from allgreen.server.platform import Platform
from allgreen.server.profiles.limits import PHOTOS_PER_ACCOUNT
from allgreen.storage.sql.tables import photos
from tests.api import Person, fields
from tests.integration.server.test_profiles import join, part, save

PHOTO = "/api/v1/account/photo"
PNG = {"content-type": "image/png"}
SECRET = b"56.1629 N 10.2039 E, taken by Ana"


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(width: int = 300, height: int = 200, colour: str = "teal") -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def canvas(width: int, height: int) -> bytes:
    """A WebP that says to be large, with a small picture in it (RFC 9649, section 2.7)."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    inside = encode(picture(8, 8), "WEBP")[12:]
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + bytes(4) + size + inside
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def animated(frames: int) -> bytes:
    """An APNG that says to have many frames."""
    still = encode(picture(8, 8))
    at = still.index(b"IDAT") - 4
    return still[:at] + chunk(b"acTL", struct.pack(">II", frames, 0)) + still[at:]


def with_exif(kind: str) -> bytes:
    """A picture that tells where it was taken, and by whom."""
    image, exif = picture(), Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (56.0, 9.0, 46.0), 3: "E", 4: (10.0, 12.0, 14.0)})
    return encode(image, kind, exif=exif, xmp=b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>")


def with_profile(kind: str) -> bytes:
    return encode(picture(), kind, icc_profile=b"\0" * 128 + SECRET)


def with_text() -> bytes:
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", SECRET.decode())
    said.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return encode(picture(), pnginfo=said)


def bomb(name: bytes, prefix: bytes) -> bytes:
    """A PNG with a small chunk that becomes 64 MiB when it is unpacked."""
    packed = zlib.compress(bytes(64 * 1024 * 1024), 1)
    still = encode(picture(8, 8))
    at = still.index(b"IDAT") - 4
    return still[:at] + chunk(name, prefix + packed) + still[at:]


GOOD = {
    "png": encode(picture()),
    "jpeg": encode(picture(), "JPEG"),
    "webp": encode(picture(), "WEBP"),
    "one pixel": encode(picture(1, 1)),
    "a long line": encode(picture(20_000, 1)),
    "grey of 16 bits": encode(Image.new("I;16", (40, 30), 40_000)),
    "palette": encode(picture().convert("P")),
    "transparent": encode(Image.new("RGBA", (40, 30), (1, 2, 3, 99))),
    "cmyk": encode(picture().convert("CMYK"), "JPEG"),
    "progressive": encode(picture(), "JPEG", progressive=True),
    "24 megapixels": encode(picture(6000, 4000), compress_level=1),
    "animated webp": encode(
        picture(), "WEBP", save_all=True, append_images=[picture(colour="red")]
    ),
    "animated png": animated(100_000),
    "jpeg and page": encode(picture(), "JPEG") + b"<html><script>alert(1)</script>" + SECRET,
    "png with exif": with_exif("PNG"),
    "jpeg with exif": with_exif("JPEG"),
    "webp with exif": with_exif("WEBP"),
    "png with colours": with_profile("PNG"),
    "jpeg with colours": with_profile("JPEG"),
    "webp with colours": with_profile("WEBP"),
    "png with text": with_text(),
}
BAD = {
    "nothing": (b"", "type"),
    "text": (b"hello", "type"),
    "gif": (encode(picture(), "GIF"), "type"),
    "tiff": (encode(picture(), "TIFF"), "type"),
    "bmp": (encode(picture(), "BMP"), "type"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "type"),
    "page": (b"<!doctype html><script>alert(1)</script>", "type"),
    "gif in png's clothes": (b"\x89PNG\r\n\x1a\n" + encode(picture(), "GIF"), "broken"),
    "page in jpeg's clothes": (b"\xff\xd8\xff<script>alert(1)</script>", "broken"),
    "webp that is a sound": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "type"),
    "webp of nothing": (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(40), "broken"),
    "half a png": (encode(picture())[:200], "broken"),
    "half a jpeg": (encode(picture(), "JPEG")[:400], "broken"),
    "half a webp": (encode(picture(), "WEBP")[:60], "broken"),
    "png of 900 megapixels": (
        png(header(30_000, 30_000), chunk(b"IDAT", zlib.compress(bytes(1000)))),
        "pixels",
    ),
    "png of most pixels": (
        png(header(2**31 - 1, 2**31 - 1), chunk(b"IDAT", zlib.compress(bytes(1000)))),
        "pixels",
    ),
    "png of a pixel too many": (encode(Image.new("1", (6001, 4000))), "pixels"),
    "jpeg of 25 megapixels": (encode(Image.new("L", (5_000, 5_000)), "JPEG"), "pixels"),
    "webp of 268 megapixels": (canvas(16_384, 16_384), "pixels"),
    "png without size": (png(header(0, 0)), "broken"),
    "png without pixels": (png(header(8, 8)), "broken"),
    "png of noise": (png(header(8, 8), chunk(b"IDAT", b"\0" * 50)), "broken"),
    "bomb in a text": (bomb(b"zTXt", b"Comment\0\0"), "broken"),
}


async def send(person: Person, content: bytes, **headers: str) -> httpx2.Response:
    return await person.client.put(PHOTO, content=content, headers=PNG | headers)


async def photo_of(person: Person, content: bytes = GOOD["png"]) -> str:
    answer = await send(person, content)
    assert answer.status_code == 200, answer.text
    path: str = answer.json()["photo"]
    return path


@pytest.mark.parametrize("name", GOOD)
async def test_a_picture_becomes_two_squares_with_nothing_but_pixels(
    owner: Person, name: str
) -> None:
    path = await photo_of(owner, GOOD[name])

    for address, side in ((path, 256), (f"{path}/small", 64)):
        answer = await owner.client.get(address)
        made = Image.open(io.BytesIO(answer.content))
        assert (made.format, made.size) == ("WEBP", (side, side))
        assert {"exif", "xmp", "icc_profile"} & made.info.keys() == set()
        assert dict(made.getexif()) == {}
        assert b"<script" not in answer.content
        assert SECRET not in answer.content
        assert {b"EXIF", b"XMP ", b"ICCP"} & set(_chunks(answer.content)) == set()


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_photo_is_refused_with_a_reason(owner: Person, name: str) -> None:
    content, code = BAD[name]

    began = time.monotonic()
    answer = await send(owner, content)

    assert (answer.status_code, fields(answer)) == (422, {"photo": code})
    assert time.monotonic() - began < 10
    assert (await owner.client.get("/api/v1/account/profile")).json()["photo"] is None


async def test_a_bomb_of_colours_is_no_fault(owner: Person) -> None:
    answer = await send(owner, bomb(b"iCCP", b"profile\0\0"))

    assert answer.status_code in (200, 422)


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (0, 0)), (3, (255, 255)), (6, (255, 0)), (8, (0, 255))]
)
async def test_a_photo_stands_upright(
    owner: Person, orientation: int, corner: tuple[int, int]
) -> None:
    image, exif = picture(256, 256, "white"), Image.Exif()
    image.paste("black", (0, 0, 64, 64))
    exif[0x0112] = orientation

    path = await photo_of(owner, encode(image, "PNG", exif=exif))

    made = Image.open(io.BytesIO((await owner.client.get(path)).content)).convert("L")
    corners = [(0, 0), (255, 0), (0, 255), (255, 255)]
    assert min(corners, key=made.getpixel) == corner  # type: ignore[arg-type]  # grey is a number


async def test_the_middle_of_a_wide_picture_is_kept(owner: Person) -> None:
    image = picture(300, 100, "white")
    image.paste("black", (100, 0, 200, 100))

    path = await photo_of(owner, encode(image))

    made = Image.open(io.BytesIO((await owner.client.get(path)).content)).convert("L")
    assert made.getextrema()[1] < 100  # type: ignore[operator]  # grey has one pair


@pytest.mark.parametrize(
    "kind", ["image/svg+xml", "image/gif", "application/octet-stream", "application/json", ""]
)
async def test_other_kinds_are_not_even_read(owner: Person, kind: str) -> None:
    answer = await send(owner, GOOD["png"], **{"content-type": kind})

    assert (answer.status_code, fields(answer)) == (422, {"photo": "type"})


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded"]
)
async def test_a_form_of_another_site_sends_no_photo(owner: Person, kind: str) -> None:
    answer = await send(owner, GOOD["png"], **{"content-type": kind})

    assert answer.status_code == 403


async def pieces(size: int) -> AsyncIterator[bytes]:
    yield GOOD["png"]
    for _ in range(size // 65_536):
        yield b"\0" * 65_536


async def test_two_mebibytes_are_taken_and_a_byte_more_is_not(owner: Person) -> None:
    full = GOOD["png"].ljust(2 * 1024 * 1024, b"\0")

    taken = await send(owner, full)
    told = await send(owner, full + b"\0")
    in_pieces = await owner.client.put(PHOTO, content=pieces(2 * 1024 * 1024), headers=PNG)
    elsewhere = await owner.client.put("/api/v1/account/profile", content=full)

    assert taken.status_code == 200
    for answer, most in ((told, 2), (in_pieces, 2), (elsewhere, 1)):
        assert answer.status_code == 413
        assert f"At most {most} MiB" in answer.json()["detail"]


async def test_nothing_is_read_without_a_session(anonymous: httpx2.AsyncClient) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 100:
            taken += 1
            yield b"\0" * 65_536

    answer = await anonymous.put(PHOTO, content=endless(), headers=PNG)

    assert (answer.status_code, taken) == (401, 0)


async def test_a_body_that_ends_too_early_is_no_fault(
    owner: Person, app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    """As from a client that tells a length and sends less."""
    cookie = f"allgreen={owner.client.cookies['allgreen']}".encode()
    told = [(b"host", b"127.0.0.1:8000"), (b"content-length", b"2000000")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PUT",
        "path": PHOTO,
        "raw_path": PHOTO.encode(),
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "headers": [*told, (b"content-type", b"image/png"), (b"cookie", cookie)],
    }
    given: Iterator[MutableMapping[str, Any]] = iter(
        [
            {"type": "http.request", "body": GOOD["png"], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return next(given)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)

    assert sent[0]["status"] == 400
    assert "Fault" not in caplog.text


async def test_a_new_photo_has_a_new_name_and_the_old_one_is_gone(
    owner: Person, platform: Platform
) -> None:
    first = await photo_of(owner)
    second = await photo_of(owner, GOOD["jpeg"])

    assert first != second
    assert (await owner.client.get(first)).status_code == 404
    assert (await owner.client.get(second)).status_code == 200
    assert await _count(platform) == 1


async def test_a_removed_photo_is_gone(owner: Person, platform: Platform) -> None:
    path = await photo_of(owner)

    answer = await owner.client.delete(PHOTO)
    again = await owner.client.delete(PHOTO)

    assert (answer.status_code, again.status_code) == (204, 204)
    assert (await owner.client.get(path)).status_code == 404
    assert (await owner.client.get("/api/v1/account/profile")).json()["photo"] is None
    assert await _count(platform) == 0


async def test_two_photos_at_the_same_time_leave_one(owner: Person, platform: Platform) -> None:
    paths = await asyncio.gather(photo_of(owner), photo_of(owner, GOOD["jpeg"]))

    shown = (await owner.client.get("/api/v1/account/profile")).json()["photo"]
    assert shown in paths
    assert await _count(platform) == 1
    assert (await owner.client.get(shown)).status_code == 200


@pytest.mark.parametrize("suffix", ["", "/small"])
@pytest.mark.parametrize(
    ("visibility", "seen"),
    [("public", [200, 200, 200]), ("signed_in", [404, 200, 200]), ("workspace", [404, 404, 200])],
)
async def test_a_photo_is_seen_by_those_who_see_the_profile(
    owner: Person,
    stranger: Person,
    anonymous: httpx2.AsyncClient,
    visibility: str,
    seen: list[int],
    suffix: str,
) -> None:
    path = await photo_of(owner) + suffix
    await save(owner, visibility=visibility)

    answers = [await client.get(path) for client in (anonymous, stranger.client, owner.client)]

    assert [answer.status_code for answer in answers] == seen


async def test_a_photo_that_was_known_is_gone_with_the_last_common_workspace(
    owner: Person, stranger: Person, platform: Platform
) -> None:
    path = await photo_of(owner)
    await join(platform, stranger, owner)
    seen = await stranger.client.get(path)

    await part(platform, stranger, owner)

    kept = {"if-none-match": seen.headers["etag"]}
    hidden = await stranger.client.get(path, headers=kept)
    absent = await stranger.client.get(f"/api/v1/photos/{'0' * 64}")
    assert (seen.status_code, hidden.status_code) == (200, 404)
    assert hidden.content == absent.content


async def test_a_photo_is_sent_as_a_picture_and_as_nothing_else(owner: Person) -> None:
    answer = await owner.client.get(await photo_of(owner))

    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == 'inline; filename="photo.webp"'
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_browser_that_has_the_photo_is_sent_nothing(owner: Person) -> None:
    path = await photo_of(owner)
    tag = (await owner.client.get(path)).headers["etag"]

    answer = await owner.client.get(path, headers={"if-none-match": tag})

    assert (answer.status_code, answer.content) == (304, b"")


async def test_ten_thousand_ranges_are_one_whole_photo(owner: Person) -> None:
    path = await photo_of(owner)
    ranges = "bytes=" + ",".join(f"{at}-{at + 1}" for at in range(10_000))

    began = time.process_time()
    answer = await owner.client.get(path, headers={"range": ranges})

    assert time.process_time() - began < 0.1
    assert answer.status_code == 200
    assert "accept-ranges" not in answer.headers


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fsecret.key", "%252e%252e", "....//", "%00", "C:", "0" * 63, "é" * 64, "0" * 65],
)
async def test_an_odd_name_is_no_photo(owner: Person, name: str) -> None:
    answer = await owner.client.get(f"/api/v1/photos/{name}")

    assert answer.status_code == 404


async def test_many_photos_within_an_hour_are_too_many(owner: Person, platform: Platform) -> None:
    for number in range(PHOTOS_PER_ACCOUNT.amount):
        platform.limits.count(PHOTOS_PER_ACCOUNT, owner.me["id"], message=str(number))

    answer = await send(owner, GOOD["png"])

    assert answer.status_code == 429


async def test_who_comes_when_many_wait_is_told_to_come_back(
    owner: Person, platform: Platform
) -> None:
    most = darkroom.WORKERS + darkroom.MOST_WAITING

    answers = await asyncio.gather(*(send(owner, GOOD["png"]) for _ in range(most + 4)))

    codes = [answer.status_code for answer in answers]
    assert (codes.count(200), codes.count(503)) == (most, 4)


async def test_a_picture_that_takes_too_long_is_refused(
    owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(darkroom, "TIMEOUT_S", 0.001)

    answer = await send(owner, GOOD["24 megapixels"])

    assert (answer.status_code, fields(answer)) == (422, {"photo": "broken"})


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "ICO", "PPM"])
def test_the_process_that_decodes_knows_three_formats(kind: str) -> None:
    with pytest.raises(InvalidInputError):
        darkroom._run(encode(picture(), kind))


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("bytearray(600 * 1024 * 1024)", "MemoryError"),
        ("open('/tmp/allgreen-photo', 'wb', 0).write(b'x')", "File too large"),
        ("print(resource.getrlimit(resource.RLIMIT_CPU))", "(5, 5)"),
        ("import os; print('last' if os.nice(0) >= 10 else 'first')", "last"),
    ],
    ids=["memory", "files", "time", "turn"],
)
def test_the_process_that_decodes_can_do_little(program: str, why: str) -> None:
    """What it may not do, tried by a program that stands in its place."""
    folder = str(Path(darkroom.__file__).parent)
    confined = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"sys.path.insert(0, {folder!r}); import developing; developing._confine();"
        f"{program}"
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-c", confined], capture_output=True, text=True, env={}, check=False
    )

    assert why in ended.stdout + ended.stderr


async def test_the_process_is_given_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    run = subprocess.run

    def noted(*arguments: Any, **options: Any) -> Any:
        given.update(options)
        return run(*arguments, **options)

    monkeypatch.setattr(subprocess, "run", noted)
    room = Darkroom()
    await room.develop(GOOD["png"])
    room.close()

    assert (given["env"], given["cwd"]) == ({}, "/")


async def _count(platform: Platform) -> int:
    async with platform.database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(photos)) or 0)


def _chunks(webp: bytes) -> list[bytes]:
    """Return the names of the parts of a WebP file."""
    names, at = [], 12
    while at + 8 <= len(webp):
        names.append(webp[at : at + 4])
        size = int.from_bytes(webp[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return names
