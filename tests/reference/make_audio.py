"""Writes ../fixtures/audio/: one second of a known sound in every format that is decoded.

    apt-get install ffmpeg && pip install numpy soundfile soxr safetensors
    python tests/reference/make_audio.py

The sound is a sweep from 300 to 2000 Hz that swells and fades, so that a test can tell level, pitch and delay. At time
t (seconds) it is 0.5 sin^2(pi t) sin(2 pi (300 t + 850 t^2)), in both channels of the stereo files.
"""
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import soxr
from safetensors.numpy import save_file

OUT = Path(__file__).parent / "../fixtures/audio"


def sound(rate):
    t = np.arange(rate) / rate
    return 0.5 * np.sin(np.pi * t) ** 2 * np.sin(2 * np.pi * (300 * t + 850 * t**2))


def sweep(rate):
    """Two seconds from 0 Hz to nine tenths of what 16 kHz, or the source if lower, can hold; faded at the ends."""
    t = np.arange(2 * rate) / rate
    top = 0.9 * min(rate, 16_000) / 2
    fade = np.minimum(1, np.minimum(t, 2 - t) / 0.1)
    return 0.5 * np.sin(np.pi / 2 * fade) ** 2 * np.sin(2 * np.pi * top / 4 * t**2)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    mono, stereo = sound(48_000), np.stack([sound(48_000)] * 2, axis=1)
    for name, data, rate, subtype, form in [
        ("u8.wav", sound(16_000), 16_000, "PCM_U8", "WAV"),
        ("s16.wav", stereo, 48_000, "PCM_16", "WAV"),
        ("s24.wav", sound(44_100), 44_100, "PCM_24", "WAV"),
        ("s32.wav", sound(16_000), 16_000, "PCM_32", "WAV"),
        ("f32.wav", sound(22_050), 22_050, "FLOAT", "WAV"),
        ("f64.wav", sound(8_000), 8_000, "DOUBLE", "WAV"),
        ("extensible.wav", stereo, 48_000, "PCM_24", "WAVEX"),
        ("alaw.wav", sound(8_000), 8_000, "ALAW", "WAV"),
        ("s16.aiff", sound(32_000), 32_000, "PCM_16", "AIFF"),
        ("aiff-named.wav", sound(24_414), 24_414, "PCM_16", "AIFF"),
        ("stereo.flac", stereo, 48_000, "PCM_16", "FLAC"),
    ]:
        soundfile.write(OUT / name, data, rate, subtype=subtype, format=form)
    source = OUT / "s16.wav"
    for name, options in {
        "cbr.mp3": "-c:a libmp3lame -b:a 64k",
        "vorbis.ogg": "-c:a libvorbis -q:a 4",
        "voice-note.ogg": "-ac 1 -c:a libopus -b:a 32k -application voip",
        "surround.opus": "-ac 6 -c:a libopus -b:a 128k -mapping_family 1",
        "recorder.webm": "-c:a libopus -b:a 64k",
        "aac.m4a": "-c:a aac -b:a 96k",
        "fragmented.m4a": "-c:a aac -b:a 96k -movflags frag_keyframe+empty_moov",
    }.items():
        command = ["ffmpeg", "-v", "error", "-y", "-i", source, *options.split(), OUT / name]
        subprocess.run(command, check=True)
    video = "-f lavfi -i color=size=16x16:duration=0.2 -c:v mpeg4"
    subprocess.run(["ffmpeg", "-v", "error", "-y", *video.split(), OUT / "no-audio.mp4"], check=True)
    soundfile.write(OUT / "nine-channels.wav", np.zeros((100, 9)), 16_000, subtype="PCM_16")

    reference = {}
    for rate in [4_000, 11_025, 44_100, 48_000, 192_000]:
        samples = sweep(rate)
        reference[str(rate)] = soxr.resample(samples, rate, 16_000, quality="VHQ").astype(np.float32)
    save_file(reference, OUT / "../soxr.safetensors")


if __name__ == "__main__":
    main()
