"""Writes files with more than one channel or track to ../fixtures/audio/; the voices are two of our sample clips.

    apt-get install ffmpeg
    python tests/reference/make_channels.py

- second-track.m4a: a silent track, then one with a voice.
- call.ogg: two voices that take turns, one on each channel, with a crosstalk of -34 dB.
"""
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "../fixtures/audio"
VOICES = [HERE / "../../www/samples" / name for name in ("1049_ITS_HAP_XX.opus", "1028_MTI_SAD_XX.opus")]

# A second voice begins when the first has ended, and both once more.
TURNS = (
    "[0:a]aresample=16000,asplit=2[a1][a2];[1:a]aresample=16000,asplit=2[b1][b2];"
    "[a1]pan=stereo|c0=c0|c1=0.02*c0[l1];[b1]pan=stereo|c0=0.02*c0|c1=c0[r1];"
    "[a2]pan=stereo|c0=c0|c1=0.02*c0[l2];[b2]pan=stereo|c0=0.02*c0|c1=c0[r2];"
    "[l1][r1][l2][r2]concat=n=4:v=0:a=1[call]"
)


def ffmpeg(*arguments):
    exact = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments[:-1], *exact, arguments[-1]], check=True)


silent = ["-f", "lavfi", "-t", "2.5", "-i", "anullsrc=r=16000:cl=mono"]
ffmpeg(*silent, "-i", VOICES[0], "-map", "0:a", "-map", "1:a", "-ar", "16000", "-c:a", "aac", "-b:a", "48k", OUT / "second-track.m4a")
ffmpeg("-i", VOICES[0], "-i", VOICES[1], "-filter_complex", TURNS, "-map", "[call]", "-c:a", "libvorbis", "-q:a", "2", OUT / "call.ogg")
