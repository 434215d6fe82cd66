"""Writes into ../fixtures/audio/: the second of sound of make_audio.py as people have it: with tags, one stream behind the
other, in containers and codings that phones, editors and recorders write. Headers that are wrong are made in the tests.

    apt-get install ffmpeg sox
    python tests/reference/make_field.py

Levels and lengths are those of make_audio.py's files; encoders of another version write other bytes, which give the same sound.
"""
import struct
import subprocess
from pathlib import Path

OUT = Path(__file__).parent / "../fixtures/audio"
# Both channels of the source are the same. What ffmpeg does of its own adds them up in floats.
MONO = "-af pan=mono|c0=c0"


def ffmpeg(name, options, source="s16.wav"):
    options = options.replace("-ac 1", MONO).split()
    command = ["ffmpeg", "-v", "error", "-y", "-i", OUT / source, *options, "-bitexact", OUT / name]
    subprocess.run(command, check=True)


def id3v2(size):
    """A tag whose picture is full of what looks like the beginnings of MPEG frames."""
    cover = (b"\xff\xfb\x90\x64" + b"\0" * 413) * (size // 417 + 1)
    body = (b"APIC" + struct.pack(">I", size) + b"\0\0" + cover)[:size]
    return b"ID3\x03\0\0" + bytes(size >> by & 0x7F for by in (21, 14, 7, 0)) + body


def ape():
    head = struct.pack("<IIII8x", 2_000, 32 + 20, 1, 0xA000_0000)
    foot = struct.pack("<IIII8x", 2_000, 32 + 20, 1, 0x8000_0000)
    return b"APETAGEX" + head + b"\0" * 20 + b"APETAGEX" + foot


def ogg_pages(data):
    at = 0
    while at < len(data):
        segments = data[at + 26]
        end = at + 27 + segments + sum(data[at + 27 : at + 27 + segments])
        yield bytearray(data[at:end])
        at = end


def sealed(page):
    """A page of Ogg with its checksum."""
    page[22:26] = bytes(4)
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x8000_0000 else crc << 1) & 0xFFFF_FFFF
    page[22:26] = struct.pack("<I", crc)
    return bytes(page)


def empty_last_page(data):
    """As voice notes may end: a page without packets, and so with no position, closes the stream."""
    pages = list(ogg_pages(data))
    pages[-1][5] &= ~4
    serial, number = pages[-1][14:18], struct.unpack("<I", pages[-1][18:22])[0]
    last = bytearray(b"OggS\0\x04" + b"\xff" * 8 + serial + struct.pack("<I", number + 1) + bytes(4) + b"\0")
    return b"".join(map(sealed, [*pages, last]))


def write(name, *parts):
    (OUT / name).write_bytes(b"".join(parts))


def main():
    # Mostly at 8 kHz, so that the files are small.
    ffmpeg("rf64.wav", "-ac 1 -ar 8000 -rf64 always")
    ffmpeg("wave64.w64", "-ac 1 -ar 8000 -f w64")
    ffmpeg("mulaw.wav", "-ac 1 -ar 8000 -c:a pcm_mulaw")
    ffmpeg("ms-adpcm.wav", "-ac 1 -ar 16000 -c:a adpcm_ms")
    ffmpeg("ima-adpcm.wav", "-ac 2 -ar 16000 -c:a adpcm_ima_wav")
    ffmpeg("mp3.wav", "-ac 1 -ar 16000 -c:a libmp3lame -b:a 32k")
    ffmpeg("float-big.aiff", "-ac 1 -ar 8000 -c:a pcm_f32be")
    ffmpeg("little.aiff", "-ac 1 -ar 8000 -c:a pcm_s16le")
    subprocess.run(["sox", OUT / "s16.wav", "-c", "1", "-r", "8000", "-b", "8", OUT / "eight-bit.aiff"], check=True)
    ffmpeg("in24.mov", "-ac 1 -ar 8000 -c:a pcm_s24be")
    ffmpeg("little.mov", "-ac 1 -ar 8000 -c:a pcm_s24le")
    ffmpeg("mulaw.mov", "-ac 1 -ar 8000 -c:a pcm_mulaw")
    ffmpeg("float.mov", "-ac 1 -ar 8000 -c:a pcm_f32be")
    ffmpeg("alac.m4a", "-ac 1 -ar 16000 -c:a alac")
    ffmpeg("dops.mp4", "-ac 1 -c:a libopus -b:a 24k")
    ffmpeg("vorbis.mkv", "-ac 1 -ar 16000 -c:a libvorbis -q:a 2")
    ffmpeg("flac.oga", "-ac 1 -ar 8000 -c:a flac -f ogg")
    ffmpeg("caf.caf", "-ac 1 -ar 8000 -c:a pcm_s16be")
    ffmpeg("raw.aac", "-ac 1 -ar 16000 -c:a aac -b:a 32k -f adts")
    ffmpeg("mono.flac", "-ac 1 -ar 8000")
    ffmpeg("plain.mp3", "-ac 1 -ar 16000 -c:a libmp3lame -b:a 32k -id3v2_version 0 -write_xing 0")
    he_aac()

    id3v1 = b"TAG" + b"x" * 125
    read = lambda name: (OUT / name).read_bytes()
    write("tagged.mp3", id3v2(20_000), id3v2(300), read("plain.mp3"), ape(), id3v1)
    write("tagged.flac", id3v2(300), read("mono.flac"), ape(), b"LYRICSBEGINla la000016LYRICS200", id3v1)
    write("tagged.aac", id3v2(300), read("raw.aac"), id3v1)
    (OUT / "mono.flac").unlink()
    (OUT / "raw.aac").unlink()
    write("junk.mp3", bytes(range(200)) * 3, read("plain.mp3"))

    ffmpeg("second.ogg", "-ac 1 -ar 16000 -c:a libvorbis -q:a 2 -serial_offset 77")
    write("chained.ogg", read("vorbis.ogg"), read("second.ogg"))
    (OUT / "second.ogg").unlink()
    write("chained.opus", read("voice-note.ogg"), read("voice-note.ogg"))
    write("chained.webm", read("recorder.webm"), read("recorder.webm"))
    write("chained.mp3", read("plain.mp3"), read("cbr.mp3"))
    write("empty-last-page.opus", empty_last_page(read("voice-note.ogg")))
    ffmpeg("live.webm", "-ac 1 -c:a libopus -b:a 24k -f webm -live 1 -cluster_time_limit 100")

    ffmpeg("wma.wma", "-t 0.2 -ac 1 -ar 16000 -c:a wmav2 -b:a 32k")


def he_aac():
    """HE-AAC as far as its core: AAC-LC at 24 kHz that is described as what band replication makes 48 kHz of. ffmpeg's own
    encoder writes no replication; decoders of the core skip it."""
    ffmpeg("he-aac.m4a", "-ac 1 -ar 24000 -c:a aac -b:a 32k")
    data = (OUT / "he-aac.m4a").read_bytes()
    # Tag 5 with a length of 2 or 5, and AAC-LC, 24 kHz, mono.
    place = data.index(b"\x05\x80\x80\x80")
    length = data[place + 4]
    assert data[place + 5 : place + 7] == b"\x13\x08", data[place : place + 12].hex()
    # Band replication first: 5, 24 kHz, mono, for 48 kHz, AAC-LC.
    described = 0b00101_0110_0001_0011_00010_000 << 7
    config = described.to_bytes(4, "big").ljust(length, b"\0")
    assert length >= 4, length
    (OUT / "he-aac.m4a").write_bytes(data[: place + 5] + config + data[place + 5 + length :])


if __name__ == "__main__":
    main()
