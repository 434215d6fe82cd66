//! A deterministic pack of malformed and malicious files: truncated at every boundary of their headers, with flipped bits, with
//! impossible numbers, nested into themselves, or small with large declared sizes.

use std::collections::BTreeSet;
use std::path::Path;

/// Valid files, one per container and codec, from which malformed ones are made.
pub const CONTAINERS: [&str; 24] = [
    "alac.m4a",
    "caf.caf",
    "chained.opus",
    "chained.webm",
    "dops.mp4",
    "float-big.aiff",
    "he-aac.m4a",
    "in24.mov",
    "rf64.wav",
    "tagged.mp3",
    "wave64.w64",
    "s16.wav",
    "f32.wav",
    "f64.wav",
    "extensible.wav",
    "alaw.wav",
    "s16.aiff",
    "stereo.flac",
    "cbr.mp3",
    "vorbis.ogg",
    "voice-note.ogg",
    "aac.m4a",
    "fragmented.m4a",
    "recorder.webm",
];

/// A file, named after its defect.
pub struct Hostile {
    /// The name, with the extension of its apparent format.
    pub name: String,
    /// The contents.
    pub bytes: Vec<u8>,
}

/// Makes the pack from the valid files in `fixtures`.
pub fn pack(fixtures: &Path) -> Vec<Hostile> {
    let mut pack = Pack { files: Vec::new() };
    for name in CONTAINERS {
        let path = fixtures.join(name);
        let whole = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        pack.cut(name, &whole);
        pack.flipped(name, &whole);
        pack.shuffled(name, &whole);
    }
    pack.fragments(&fixtures.join("fragmented.m4a"));
    pack.foreign();
    pack.wav();
    pack.chunks();
    pack.sizes(fixtures);
    pack.boxes();
    pack.elements();
    pack.pages();
    pack.flac();
    pack.tags();
    pack.files
}

struct Pack {
    files: Vec<Hostile>,
}

impl Pack {
    fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.files.push(Hostile { name: name.into(), bytes });
    }

    /// Four billion empty packets declared in a few bytes, and a base offset beyond any file. Found by fuzzing.
    fn fragments(&mut self, path: &Path) {
        let whole = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let place =
            |name: &[u8]| whole.windows(4).position(|four| four == name).expect("a fragmented file has it");
        let (coding, size, run) = (place(b"mp4a"), place(b"tfhd") + 24, place(b"trun") + 4);
        for name in ["mp4a", "sowt", "alac", "Opus", "fLaC"] {
            let mut bytes = whole.clone();
            bytes[coding..][..4].copy_from_slice(name.as_bytes());
            bytes[size..][..4].fill(0);
            bytes[run..][..8].copy_from_slice(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);
            self.add(format!("empty-packets-{name}.m4a"), bytes);
        }
        // A base offset beyond any file.
        let mut far = whole.clone();
        far[place(b"tfhd") + 7] = 1;
        far[place(b"tfhd") + 12..][..8].fill(0x7f);
        self.add("far-away.m4a", far);
    }

    /// Truncated in the headers, and in the audio.
    fn cut(&mut self, name: &str, whole: &[u8]) {
        let mut ends: BTreeSet<usize> = [1, 2, 3, 4, 7, 8, 12, 16, 20, 28, 36, 44, 64, 100].into();
        ends.extend([1, 2, 3].map(|quarter| whole.len() * quarter / 4));
        ends.insert(whole.len() - 1);
        for end in ends.into_iter().filter(|&end| end < whole.len()) {
            self.add(format!("cut-at-{end:06}-{name}"), whole[..end].to_vec());
        }
    }

    /// Flipped bits: a few in the headers, or many anywhere.
    fn flipped(&mut self, name: &str, whole: &[u8]) {
        for seed in 0..6 {
            let mut random = Random::new(name, seed);
            let mut bytes = whole.to_vec();
            let (within, count) = if seed < 4 { (200, 4) } else { (whole.len(), whole.len() / 100) };
            for _ in 0..count {
                let at = random.below(within.min(whole.len()));
                bytes[at] ^= 1 << random.below(8);
            }
            self.add(format!("bits-{seed}-{name}"), bytes);
        }
    }

    /// Parts swapped, repeated and zeroed.
    fn shuffled(&mut self, name: &str, whole: &[u8]) {
        let middle = whole.len() / 2;
        self.add(format!("halves-swapped-{name}"), [&whole[middle..], &whole[..middle]].concat());
        self.add(format!("begins-twice-{name}"), [&whole[..middle.min(300)], whole].concat());
        let mut blank = whole.to_vec();
        blank[whole.len() / 4..middle].fill(0);
        self.add(format!("hole-{name}"), blank);
        let mut full = whole.to_vec();
        full[8..whole.len().min(72)].fill(0xff);
        self.add(format!("all-ones-{name}"), full);
    }

    /// Files that are not audio.
    fn foreign(&mut self) {
        let mut random = Random::new("foreign", 0);
        let noise: Vec<u8> = (0..1_000_000).map(|_| random.below(256) as u8).collect();
        self.add("nothing.wav", Vec::new());
        self.add("one-byte.mp3", vec![0xff]);
        self.add("zeros.ogg", vec![0; 1_000_000]);
        self.add("ones.mp3", vec![0xff; 1_000_000]);
        self.add("noise.m4a", noise);
        self.add("text.wav", b"This is no sound.\n".repeat(1000));
        self.add("page.webm", b"<!doctype html><title>404</title>".to_vec());
        self.add("picture.flac", [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0; 600]].concat());
        self.add("archive.wav", [&b"PK\x03\x04"[..], &[0; 600]].concat());
        self.add("syncs.mp3", [0xff, 0xfb, 0x90, 0x00].repeat(100_000));
        self.add("syncs.aac", [0xff, 0xf1, 0x50, 0x80, 0x00, 0x1f, 0xfc].repeat(100_000));
    }

    /// Impossible numbers.
    fn wav(&mut self) {
        let sound = [0x10_u8, 0x20].repeat(16_000);
        for rate in [0, 1, 3_999, 192_001, 0x7fff_ffff, 0xffff_ffff] {
            self.add(format!("rate-{rate}.wav"), wav(&Format { rate, ..Format::default() }, &sound));
        }
        for channels in [0, 9, 255, 0xffff] {
            self.add(
                format!("channels-{channels}.wav"),
                wav(&Format { channels, ..Format::default() }, &sound),
            );
        }
        for bits in [0, 1, 7, 17, 33, 64, 0xffff] {
            self.add(
                format!("bits-per-sample-{bits}.wav"),
                wav(&Format { bits, ..Format::default() }, &sound),
            );
        }
        for align in [0, 1, 3, 0xffff] {
            self.add(format!("align-{align}.wav"), wav(&Format { align, ..Format::default() }, &sound));
        }
        for coding in [0, 2, 3, 6, 0x11, 0x55, 0xfffe, 0xffff] {
            self.add(format!("coding-{coding}.wav"), wav(&Format { coding, ..Format::default() }, &sound));
        }
        let float = Format { coding: 3, bits: 32, align: 4, ..Format::default() };
        let double = Format { coding: 3, bits: 64, align: 8, ..Format::default() };
        let values = [
            ("nan", f32::NAN),
            ("infinite", f32::INFINITY),
            ("huge", f32::MAX),
            ("tiny", f32::MIN_POSITIVE / 4.0),
        ];
        for (name, value) in values {
            self.add(format!("all-{name}.wav"), wav(&float, &value.to_le_bytes().repeat(32_000)));
            let some: Vec<u8> = (0..32_000)
                .flat_map(|n| if n % 97 == 0 { value } else { (n as f32 / 9.0).sin() / 2.0 }.to_le_bytes())
                .collect();
            self.add(format!("some-{name}.wav"), wav(&float, &some));
            let wide = if value.is_finite() { f64::MAX } else { f64::from(value) };
            self.add(format!("double-{name}.wav"), wav(&double, &wide.to_le_bytes().repeat(32_000)));
        }
        self.add("one-sample.wav", wav(&Format::default(), &[1, 2]));
        self.add("half-a-sample.wav", wav(&Format::default(), &[1]));
        self.add("no-samples.wav", wav(&Format::default(), &[]));
    }

    /// Chunks of RIFF and AIFF with wrong lengths, nested in each other or in the wrong order.
    fn chunks(&mut self) {
        let honest = wav(&Format::default(), &[0x10, 0x20].repeat(16_000));
        for (place, what) in [(4, "riff"), (16, "format"), (40, "data")] {
            for length in [0_u32, 1, 0x7fff_ffff, 0xffff_fff0, 0xffff_ffff] {
                let mut bytes = honest.clone();
                bytes[place..place + 4].copy_from_slice(&length.to_le_bytes());
                self.add(format!("{what}-says-{length}.wav"), bytes);
            }
        }
        let (head, format, data) = (&honest[..12], &honest[12..36], &honest[36..]);
        self.add("data-first.wav", [head, data, format].concat());
        self.add("no-format.wav", [head, data].concat());
        self.add("no-data.wav", [head, format].concat());
        self.add("two-formats.wav", [head, format, format, data].concat());
        self.add("two-data.wav", [head, format, data, data].concat());
        self.add("million-empty-chunks.wav", [head, &b"LIST\0\0\0\0".repeat(1_000_000)].concat());
        self.add("lists-in-lists.wav", [head, &b"LIST\xff\xff\xff\x7fINFO".repeat(100_000)].concat());
        self.add("riff-in-riff.wav", honest[..12].repeat(50_000));
        let mut aiff = b"FORM\x7f\xff\xff\xffAIFF".to_vec();
        aiff.extend(b"COMM\0\0\0\x12\0\x01\xff\xff\xff\xff\0\x10");
        self.add(
            "rate-not-a-number.aiff",
            [&aiff[..], &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat(),
        );
        self.add(
            "rate-negative.aiff",
            [&aiff[..], &[0xc0, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0], b"SSND\xff\xff\xff\xff"].concat(),
        );
        self.add("million-empty-chunks.aiff", [&aiff[..12], &b"ANNO\0\0\0\0".repeat(500_000)].concat());
    }

    /// Sizes, counts and descriptions that only our own readers parse.
    fn sizes(&mut self, fixtures: &Path) {
        let read = |name: &str| std::fs::read(fixtures.join(name)).expect("a fixture");
        let mut change = |name: &str, after: &[u8], offset: usize, with: &[u8], what: &str| {
            let mut bytes = read(name);
            let place = bytes.windows(after.len()).position(|part| part == after).expect("there") + offset;
            bytes[place..][..with.len()].copy_from_slice(with);
            self.add(format!("{what}-{name}"), bytes);
        };
        for (what, value) in [("none", 0_u64), ("one", 1), ("odd", u64::MAX - 6), ("all", u64::MAX)] {
            change("rf64.wav", b"ds64", 8, &value.to_le_bytes(), &format!("riff-{what}"));
            change("rf64.wav", b"ds64", 16, &value.to_le_bytes(), &format!("data-{what}"));
            change("wave64.w64", b"riff", 16, &value.to_le_bytes(), &format!("riff-{what}"));
            change("wave64.w64", b"fmt ", 16, &value.to_le_bytes(), &format!("fmt-{what}"));
            change("wave64.w64", b"data", 16, &value.to_le_bytes(), &format!("data-{what}"));
        }
        for (what, value) in [("none", 0_u32), ("one", 1), ("most", 0x7fff_ffff), ("all", u32::MAX)] {
            for (at, field) in [(4, "size"), (10, "frames"), (14, "bits"), (18, "rate"), (26, "coding")] {
                change("float-big.aiff", b"COMM", at, &value.to_be_bytes(), &format!("comm-{field}-{what}"));
            }
            change("float-big.aiff", b"SSND", 4, &value.to_be_bytes(), &format!("ssnd-{what}"));
            change("float-big.aiff", b"SSND", 8, &value.to_be_bytes(), &format!("ssnd-offset-{what}"));
            for (table, offset) in [
                (b"stsz", 8),
                (b"stsz", 12),
                (b"stsc", 12),
                (b"stsc", 16),
                (b"stco", 8),
                (b"stco", 12),
                (b"elst", 12),
                (b"elst", 16),
                (b"in24", 18),
                (b"in24", 28),
            ] {
                let name = String::from_utf8_lossy(table).into_owned();
                change("in24.mov", table, offset, &value.to_be_bytes(), &format!("{name}-{offset}-{what}"));
            }
            for offset in [4, 6, 12, 14] {
                change(
                    "dops.mp4",
                    b"dOps",
                    offset,
                    &value.to_be_bytes()[..2],
                    &format!("dops-{offset}-{what}"),
                );
            }
            // The AudioSpecificConfig of HE-AAC is after the tag 5 and its length.
            for offset in [0, 1, 5, 6] {
                change(
                    "he-aac.m4a",
                    b"\x05\x80\x80\x80",
                    offset,
                    &value.to_be_bytes()[..1],
                    &format!("asc-{offset}-{what}"),
                );
            }
            change("tagged.mp3", b"ID3", 6, &value.to_be_bytes(), &format!("id3-{what}"));
            change("tagged.mp3", b"APETAGEX", 12, &value.to_le_bytes(), &format!("ape-{what}"));
        }
        // Many concatenated files.
        let opus = read("voice-note.ogg");
        self.add("five-hundred-links.opus", opus[..400.min(opus.len())].repeat(500));
        let webm = read("recorder.webm");
        self.add("two-thousand-beginnings.webm", webm[..300].repeat(2_000));
        let rates = [8_000_u32, 44_100].map(|rate| wav(&Format { rate, ..Format::default() }, &[1; 64]));
        self.add("wave-behind-wave.wav", rates.concat().repeat(2_000));
    }

    /// Boxes of MP4 with wrong sizes, or nested in themselves.
    fn boxes(&mut self) {
        let brand = b"\0\0\0\x14ftypM4A \0\0\0\0M4A ";
        let nested = |kind: &[u8; 4], depth: usize| {
            (0..depth).fold(Vec::new(), |inner, _| {
                let length = (inner.len() + 8) as u32;
                [&length.to_be_bytes()[..], kind, &inner].concat()
            })
        };
        for kind in [b"moov", b"trak", b"udta", b"meta", b"ilst", b"moof"] {
            let name = String::from_utf8_lossy(kind).into_owned();
            self.add(format!("nested-{name}.m4a"), [&brand[..], &nested(kind, 3_000)].concat());
            for (says, length) in
                [("to-the-end", 0_u32), ("wide", 1), ("too-short", 7), ("too-long", 0xffff_ffff)]
            {
                let mut bytes = [&brand[..], &length.to_be_bytes(), kind].concat();
                bytes.extend(if says == "wide" { u64::MAX.to_be_bytes() } else { [0; 8] });
                bytes.extend([0; 200]);
                self.add(format!("{name}-{says}.m4a"), bytes);
            }
        }
        self.add("half-a-million-empty-boxes.m4a", [&brand[..], &b"\0\0\0\x08free".repeat(500_000)].concat());
        // A sample table with a declared count of four billion.
        for table in [b"stsz", b"stts", b"stsc", b"stco", b"co64"] {
            let mut inner = [&[0, 0, 0, 24][..], table, &[0; 4], &[0xff; 4], &[0xff; 8]].concat();
            for kind in [b"stbl", b"minf", b"mdia", b"trak", b"moov"] {
                let length = (inner.len() + 8) as u32;
                inner = [&length.to_be_bytes()[..], kind, &inner].concat();
            }
            let name = String::from_utf8_lossy(table).into_owned();
            self.add(format!("table-{name}.m4a"), [&brand[..], &inner].concat());
        }
    }

    /// Elements of Matroska.
    fn elements(&mut self) {
        let head = b"\x1a\x45\xdf\xa3\x84\x42\x82\x84webm";
        let segment = b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff";
        self.add("segments-in-segments.webm", [&head[..], &segment.repeat(20_000)].concat());
        self.add(
            "clusters-in-clusters.webm",
            [&head[..], segment, &b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff".repeat(20_000)]
                .concat(),
        );
        self.add("wide-length.webm", [&head[..], b"\x18\x53\x80\x67\x01\x7f\xff\xff\xff\xff\xff\xff\x16\x54\xae\x6b\x01\x7f\xff\xff\xff\xff\xff\xff"].concat());
        self.add("no-length.webm", [&head[..], b"\x18\x53\x80\x67\0\0\0\0\0\0\0\0"].concat());
        self.add(
            "tags-of-a-gigabyte.webm",
            [&head[..], segment, b"\x12\x54\xc3\x67\x10\x40\0\0\0\x45\xa3\x10\x40\0\0\0"].concat(),
        );
        self.add("empty-voids.webm", [&head[..], segment, &b"\xec\x80".repeat(500_000)].concat());
    }

    /// Pages of Ogg.
    fn pages(&mut self) {
        let page = |flags: u8, serial: u32, segments: &[u8], body: &[u8]| {
            let mut bytes =
                [&b"OggS\0"[..], &[flags], &u64::MAX.to_le_bytes(), &serial.to_le_bytes(), &[0; 8]].concat();
            bytes.push(segments.len() as u8);
            bytes.extend(segments);
            bytes.extend(body);
            let sum = crc(&bytes);
            bytes[22..26].copy_from_slice(&sum.to_le_bytes());
            bytes
        };
        let head = |channels: u8, family: u8| {
            [&b"OpusHead\x01"[..], &[channels, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, family]].concat()
        };
        for (name, channels, family) in
            [("no-channels", 0, 0), ("all-channels", 255, 255), ("family", 1, 77), ("no-mapping", 6, 1)]
        {
            let head = head(channels, family);
            let comment = b"OpusTags\xff\xff\xff\xff";
            let file = [
                page(2, 7, &[head.len() as u8], &head),
                page(0, 7, &[comment.len() as u8], comment),
                page(4, 7, &[3], &[0xfc, 0xff, 0xfe]),
            ];
            self.add(format!("{name}.opus"), file.concat());
        }
        self.add("empty-pages.ogg", page(0, 1, &[], &[]).repeat(20_000));
        self.add("never-ending-packet.ogg", page(2, 1, &[255; 255], &[1; 255 * 255]).repeat(50));
        let streams: Vec<u8> = (0..5_000).flat_map(|serial| page(2, serial, &[19], &head(1, 0))).collect();
        self.add("five-thousand-streams.ogg", streams);
    }

    /// FLAC with large declared sizes in few bytes.
    fn flac(&mut self) {
        let info = |rate: u32, channels: u8, samples: u64, blocks: [u16; 2]| {
            let packed = (u64::from(rate) << 44) | (u64::from(channels - 1) << 41) | (15 << 36) | samples;
            let mut bytes = b"fLaC\x80\0\0\x22".to_vec();
            bytes.extend(blocks.iter().flat_map(|size| size.to_be_bytes()));
            bytes.extend([0; 6]);
            bytes.extend(packed.to_be_bytes());
            bytes.extend([0; 16]);
            bytes
        };
        self.add("years-long.flac", info(4_000, 1, (1 << 36) - 1, [4096, 4096]));
        self.add("no-rate.flac", info(0, 1, 16_000, [4096, 4096]));
        self.add("no-block.flac", info(16_000, 1, 16_000, [0, 0]));
        self.add("picture-of-16-megabytes.flac", b"fLaC\x06\xff\xff\xff\0\0\0\x03\xff\xff\xff\xff".to_vec());
        self.add(
            "comments-by-the-thousand-million.flac",
            b"fLaC\x84\0\0\x10\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0".to_vec(),
        );
        // A frame of 65,535 equal samples takes a dozen bytes per channel: an hour of one in 11 kB, two hours of eight in 70 kB.
        for (name, channels, frames) in [("bomb-mono", 1, 800), ("bomb-eight-channels", 8, 2_000)] {
            let mut bytes = info(16_000, channels, 0, [65_535, 65_535]);
            for number in 0..frames {
                bytes.extend(constant_frame(channels, number));
            }
            self.add(format!("{name}.flac"), bytes);
        }
    }

    /// Tags before the audio with too large sizes, and nested.
    fn tags(&mut self) {
        self.add("tag-of-256-megabytes.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec());
        self.add("tags-in-a-row.mp3", b"ID3\x04\0\0\0\0\0\0".repeat(50_000));
        self.add(
            "frame-of-a-gigabyte.mp3",
            [&b"ID3\x03\0\0\0\0\x10\0APIC\x40\0\0\0\0\0"[..], &[0; 2_000]].concat(),
        );
        self.add(
            "packed-tag.mp3",
            [&b"ID3\x04\0\x80\0\0\x10\0TXXX\0\0\x0f\x76\0\x0f\x7f\x7f\x7f\x7f"[..], &[0x78; 2_000]].concat(),
        );
        self.add(
            "length-of-years.mp3",
            [
                &b"\xff\xfb\x90\x00"[..],
                &[0; 32],
                b"Xing\0\0\0\x0f\xff\xff\xff\xff\xff\xff\xff\xff",
                &[0xff; 400],
            ]
            .concat(),
        );
    }
}

struct Format {
    coding: u16,
    channels: u16,
    rate: u32,
    align: u16,
    bits: u16,
}

impl Default for Format {
    fn default() -> Self {
        Self { coding: 1, channels: 1, rate: 16_000, align: 2, bits: 16 }
    }
}

fn wav(format: &Format, sound: &[u8]) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + sound.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend(format.coding.to_le_bytes());
    bytes.extend(format.channels.to_le_bytes());
    bytes.extend(format.rate.to_le_bytes());
    bytes.extend(format.rate.wrapping_mul(u32::from(format.align)).to_le_bytes());
    bytes.extend(format.align.to_le_bytes());
    bytes.extend(format.bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((sound.len() as u32).to_le_bytes());
    bytes.extend(sound);
    bytes
}

/// 65,535 samples of one value in 16 bits, at 16 kHz.
fn constant_frame(channels: u8, number: u32) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xf8, 0x75, (channels - 1) << 4 | 0x08];
    let mut text = [0; 4];
    // Frames are numbered as characters are written in UTF-8.
    bytes.extend(char::from_u32(number).expect("below 55,296").encode_utf8(&mut text).bytes());
    bytes.extend(65_534_u16.to_be_bytes());
    bytes.push(bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ byte, |sum: u8, _| sum << 1 ^ if sum & 0x80 == 0 { 0 } else { 0x07 })
    }));
    for _ in 0..channels {
        bytes.extend([0, 0x12, 0x34]);
    }
    let sum = bytes.iter().fold(0_u16, |sum, &byte| {
        (0..8)
            .fold(sum ^ u16::from(byte) << 8, |sum, _| sum << 1 ^ if sum & 0x8000 == 0 { 0 } else { 0x8005 })
    });
    bytes.extend(sum.to_be_bytes());
    bytes
}

/// The checksum of Ogg's pages.
fn crc(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << 24, |sum, _| {
            sum << 1 ^ if sum & 0x8000_0000 == 0 { 0 } else { 0x04c1_1db7 }
        })
    })
}

/// Xorshift, so that the pack needs no crate and never changes.
struct Random(u64);

impl Random {
    fn new(name: &str, seed: u64) -> Self {
        let start =
            name.bytes().fold(seed + 1, |state, byte| state.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        Self(start.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}
