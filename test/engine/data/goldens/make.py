"""Makes the golden files of the data readers. Needs only Pillow and numpy:

    python3 -m venv /some/where && /some/where/bin/pip install pillow numpy
    /some/where/bin/python make.py

The files that are committed were made with Pillow 13.0.0 (libjpeg-turbo 3.2.0) and numpy 2.4.6. Every picture is made
here from formulas and a seeded generator; nothing is anybody's photograph.
"""

import io
import json
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image

rng = np.random.default_rng(20240601)


def picture(width, height, channels):
    """Waves, noise and a hard edge: smooth and sharp parts, no symmetry."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = []
    for k in range(channels):
        plane = 127 + 90 * np.sin(x / (3 + 2 * k) + k) * np.cos(y / (4 + k)) + rng.normal(0, 12, (height, width))
        plane[height // 3 : height // 2, width // 4 : width // 2] = rng.integers(0, 256)
        planes.append(plane)
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def save_npz(name, arrays):
    """numpy.savez_compressed without the time of day, so that the same script makes the same bytes."""
    with zipfile.ZipFile(name, "w") as archive:
        for key, value in arrays.items():
            info = zipfile.ZipInfo(key + ".npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, npy_bytes(value))


def npy_bytes(value, version=(1, 0)):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(value), version=version, allow_pickle=True)
    return buffer.getvalue()


def as_bytes(data):
    return np.frombuffer(data, np.uint8)


# ---- resize: 8-bit RGB and gray, float

filters = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4}
resize = {}
inputs = {
    "rgb13x11": picture(13, 11, 3),
    "gray9x14": picture(9, 14, 1),
    "rgb40x6": picture(40, 6, 3),
    "float7x9": rng.normal(0, 3, (9, 7, 1)).astype(np.float32),
}
for name, pixels in inputs.items():
    resize[name] = pixels
    mode = "F" if pixels.dtype == np.float32 else ("L" if pixels.shape[2] == 1 else "RGB")
    image = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0])
    assert image.mode == mode
    for filter_name, number in filters.items():
        for width, height in [(5, 7), (26, 22), (13, 19), (1, 1), (31, 3), (17, 11)]:
            out = np.array(image.resize((width, height), number))
            resize[f"{name}.{filter_name}.{width}x{height}"] = out.reshape(height, width, pixels.shape[2])
save_npz("resize.npz", resize)

# ---- crop as torchvision's CenterCrop: pad first, then crop at round((size - crop) / 2), Python's round

crop = {"input": picture(9, 6, 3)}
for width, height in [(9, 6), (4, 4), (5, 3), (6, 1), (2, 5), (12, 4), (3, 9), (14, 11), (10, 7)]:
    image = Image.fromarray(crop["input"])
    w, h = image.size
    left, right = max(0, width - w) // 2, (max(0, width - w) + 1) // 2
    top, bottom = max(0, height - h) // 2, (max(0, height - h) + 1) // 2
    padded = Image.new("RGB", (w + left + right, h + top + bottom))
    padded.paste(image, (left, top))
    x, y = int(round((padded.width - width) / 2.0)), int(round((padded.height - height) / 2.0))
    crop[f"{width}x{height}"] = np.array(padded.crop((x, y, x + width, y + height)))
crop["gray"] = np.array(Image.fromarray(crop["input"]).convert("L"))[..., None]
save_npz("crop.npz", crop)

# ---- JPEG


def patch_frame(data, size, factors):
    """Other sampling factors and size in the frame header, with the same number of blocks: a valid stream still."""
    data = bytearray(data)
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + (data[at + 2] << 8 | data[at + 3])
    data[at + 5 : at + 9] = struct.pack(">HH", size[1], size[0])
    for k, factor in enumerate(factors):
        data[at + 11 + 3 * k] = factor
    return bytes(data)


jpeg = {}


def add_jpeg(name, data):
    image = Image.open(io.BytesIO(data))
    pixels = np.array(image if image.mode == "L" else image.convert("RGB"))
    jpeg[name + ".file"] = as_bytes(data)
    jpeg[name + ".pixels"] = pixels.reshape(pixels.shape[0], pixels.shape[1], -1)


def encode(pixels, mode=None, **options):
    buffer = io.BytesIO()
    image = Image.fromarray(pixels if pixels.shape[2] > 1 else pixels[..., 0])
    if mode is not None:
        image = Image.frombytes(mode, image.size, pixels.tobytes())
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


for progressive in (False, True):
    kind = "progressive" if progressive else "baseline"
    for label, sampling in (("444", 0), ("422", 1), ("420", 2), ("411", "4:1:1")):
        for size in ((19, 21), (34, 5)):
            data = encode(picture(*size, 3), quality=80, subsampling=sampling, progressive=progressive)
            add_jpeg(f"{kind}-{label}-{size[0]}x{size[1]}", data)
    add_jpeg(f"{kind}-gray", encode(picture(21, 18, 1), quality=85, progressive=progressive))
    add_jpeg(f"{kind}-cmyk", encode(picture(17, 18, 4), "CMYK", quality=85, progressive=progressive))
    add_jpeg(f"{kind}-low", encode(picture(24, 17, 3), quality=5, progressive=progressive))
    add_jpeg(f"{kind}-high", encode(picture(17, 16, 3), quality=100, subsampling=0, progressive=progressive))
    add_jpeg(f"{kind}-optimised", encode(picture(33, 17, 3), quality=75, optimize=True, progressive=progressive))
    add_jpeg(f"{kind}-restart", encode(picture(33, 33, 3), quality=75, restart_marker_blocks=2, progressive=progressive))
    add_jpeg(f"{kind}-rgb", encode(picture(17, 9, 3), quality=85, keep_rgb=True, progressive=progressive))
    upright = encode(picture(23, 16, 3), quality=85, subsampling=1, progressive=progressive)
    add_jpeg(f"{kind}-440", patch_frame(upright, (16, 23), (0x12, 0x11, 0x11)))
    flat = encode(picture(32, 32, 3), quality=85, subsampling=2, progressive=progressive)
    add_jpeg(f"{kind}-41tall", patch_frame(flat, (16, 64), (0x14, 0x11, 0x11)))
for width in range(1, 6):
    add_jpeg(f"tiny-{width}", encode(picture(width, 6 - width, 3), quality=90, subsampling=2))
cmyk = bytearray(encode(picture(18, 10, 4), "CMYK", quality=90))
cmyk[cmyk.find(b"Adobe") + 11] = 2
add_jpeg("ycck", bytes(cmyk))
exif = Image.Exif()
exif[0x0112] = 6
add_jpeg("orientation-6", encode(picture(20, 12, 3), quality=85, exif=exif))
plain = encode(picture(17, 17, 3), quality=85)
end = plain.rfind(b"\xff\xd9")
add_jpeg("trailing-bytes", plain + b"more bytes \xff\xd8\xff after the end")
add_jpeg("fill-bytes", plain[:2] + b"\xff\xff" + plain[2:end] + b"\xff\xff\xff" + plain[end:])
save_npz("jpeg.npz", jpeg)

# ---- PNG, by a small writer because Pillow writes neither interlaced nor all depths

png = {}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_rows(samples, depth):
    """samples: height x width x channels of integers below 2^depth."""
    height, width, channels = samples.shape
    rows = []
    for row in samples.reshape(height, width * channels):
        if depth == 16:
            rows.append(row.astype(">u2").tobytes())
        elif depth == 8:
            rows.append(row.astype(np.uint8).tobytes())
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in row)
            bits += "0" * (-len(bits) % 8)
            rows.append(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)))
    return rows


def filtered(rows, unit):
    """Row filters 0 to 4 in turn."""
    out, before = b"", bytes(len(rows[0]) if rows else 0)
    for y, row in enumerate(rows):
        method, coded = y % 5, bytearray()
        for i, value in enumerate(row):
            a = row[i - unit] if i >= unit else 0
            b = before[i]
            c = before[i - unit] if i >= unit else 0
            p = a + b - c
            distances = (abs(p - a), abs(p - b), abs(p - c))
            paeth = (a, b, c)[distances.index(min(distances))]
            coded.append((value - (0, a, b, (a + b) // 2, paeth)[method]) & 255)
        out += bytes([method]) + bytes(coded)
        before = row
    return out


passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def write_png(samples, depth, colour, extra=b"", interlaced=False, pieces=1):
    height, width, channels = samples.shape
    unit = max(1, channels * depth // 8)
    if interlaced:
        raw = b""
        for x, y, dx, dy in passes:
            part = samples[y::dy, x::dx]
            if part.size > 0:
                raw += filtered(pack_rows(part, depth), unit)
    else:
        raw = filtered(pack_rows(samples, depth), unit)
    data = zlib.compress(raw, 9)
    step = -(-len(data) // pieces)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    idat = b"".join(chunk(b"IDAT", data[i : i + step]) for i in range(0, len(data), step))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + idat + chunk(b"IEND", b"")


def add_png(name, data, expected=None):
    if expected is None:
        image = Image.open(io.BytesIO(data))
        # 16-bit gray: Pillow cuts off at 255; the high byte is what is wanted.
        expected = np.array(image) >> 8 if image.mode.startswith("I") else np.array(image.convert("RGB"))
        if name.startswith("gray"):
            expected = expected.reshape(*expected.shape[:2], -1)[..., :1]
    png[name + ".file"] = as_bytes(data)
    png[name + ".pixels"] = np.asarray(expected, np.uint8)


palette = chunk(b"PLTE", rng.integers(0, 256, 48, dtype=np.uint8).tobytes())
transparent = chunk(b"tRNS", bytes([0, 128, 255]))
for interlaced in (False, True):
    suffix = "-interlaced" if interlaced else ""
    for depth in (1, 2, 4, 8, 16):
        add_png(f"gray-{depth}{suffix}", write_png(rng.integers(0, 1 << depth, (7, 11, 1)), depth, 0, b"", interlaced))
    for depth in (1, 2, 4, 8):
        indices = rng.integers(0, min(16, 1 << depth), (9, 10, 1))
        add_png(f"palette-{depth}{suffix}", write_png(indices, depth, 3, palette + transparent, interlaced))
    for colour, name, channels in ((2, "rgb", 3), (4, "gray-alpha", 2), (6, "rgba", 4)):
        for depth in (8, 16):
            samples = rng.integers(0, 1 << depth, (6, 9, channels))
            add_png(f"{name}-{depth}{suffix}", write_png(samples, depth, colour, b"", interlaced))
for width, height in ((1, 1), (2, 3), (3, 1), (1, 9), (5, 5)):
    add_png(f"rgb-{width}x{height}-interlaced", write_png(picture(width, height, 3), 8, 2, b"", True))
add_png("rgb-many-chunks", write_png(picture(30, 20, 3), 8, 2, b"", False, 7))
add_png("rgb-transparent-colour", write_png(picture(6, 6, 3), 8, 2, chunk(b"tRNS", bytes([0, 1, 0, 2, 0, 3]))))
add_png("palette-short", write_png(np.array([[[0], [1], [20]]]), 8, 3, palette[:0] + chunk(b"PLTE", bytes(range(6)))))
buffer = io.BytesIO()
Image.fromarray(picture(40, 30, 3)).save(buffer, "PNG")
add_png("rgb-pillow", buffer.getvalue())
save_npz("png.npz", png)

# ---- numpy's own files; what they hold stands in arrays.json

arrays = {
    "bool": np.array([[True, False], [False, True]]),
    "int8": np.array([-128, -1, 0, 127], np.int8),
    "uint8": np.arange(6, dtype=np.uint8).reshape(1, 2, 3),
    "int16": np.array([-32768, 0, 32767], np.int16),
    "uint16": np.array([0, 40000, 65535], np.uint16),
    "int32": np.array([[-(2**31), 2**31 - 1]], np.int32),
    "uint32": np.array([0, 2**32 - 1], np.uint32),
    "int64": np.array([-(2**63), 5, 2**63 - 1], np.int64),
    "uint64": np.array([0, 2**64 - 1], np.uint64),
    "float16": np.array([0, -1.5, 65504, 6e-8, 0.1], np.float16),
    "float32": np.array([[1.5, -2.25], [3e38, 1e-45]], np.float32),
    "float64": np.array([np.pi, -1e300], np.float64),
    "complex64": np.array([1 + 2j, -3.5j], np.complex64),
    "big_int16": np.array([1, -2, 300], ">i2"),
    "big_float32": np.array([1.5, -2.25], ">f4"),
    "big_float64": np.array([[np.e]], ">f8"),
    "big_complex64": np.array([1 + 2j], ">c8"),
    "fortran": np.asfortranarray(np.arange(24, dtype=np.int32).reshape(2, 3, 4)),
    "fortran_float": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2) / 2),
    "scalar": np.float32(2.5),
    "empty": np.zeros((0, 3), np.float32),
    "text": np.array(["tench", "hammerhead", "größe"]),
    "bytes": np.array([b"ab", b"cde"]),
    "version2": np.arange(4, dtype=np.float32),
    "version3": np.arange(4, dtype=np.float32),
}
versions = {"version2": (2, 0), "version3": (3, 0)}


def plain_values(value):
    flat = np.asarray(value).flatten(order="C")
    if flat.dtype.kind == "c":
        return [float(part) for number in flat for part in (number.real, number.imag)]
    if flat.dtype.kind in "iu":
        return [str(v) for v in flat]
    if flat.dtype.kind in "US":
        return [v.decode() if isinstance(v, bytes) else str(v) for v in flat]
    return [float(v) for v in flat]


for name, method in (("arrays.npz", zipfile.ZIP_STORED), ("arrays-deflated.npz", zipfile.ZIP_DEFLATED)):
    with zipfile.ZipFile(name, "w") as archive:
        for key, value in arrays.items():
            info = zipfile.ZipInfo(key + ".npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            # numpy writes with force_zip64 since arrays may be large; so some entries here.
            with archive.open(info, "w", force_zip64=key.startswith("f")) as entry:
                entry.write(npy_bytes(value, versions.get(key, (1, 0))))
with open("arrays.json", "w") as file:
    json.dump(
        {
            key: {"dtype": np.asarray(value).dtype.name, "shape": np.asarray(value).shape, "values": plain_values(value)}
            for key, value in arrays.items()
        },
        file,
        indent=1,
    )
    file.write("\n")
with open("pickled.npy", "wb") as file:
    file.write(npy_bytes(np.array([{"a": 1}], dtype=object)))
with open("structured.npy", "wb") as file:
    file.write(npy_bytes(np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")])))
