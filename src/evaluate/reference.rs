//! How well a model reads clips beside references of their speakers, and the calibration for it.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{Certain, Judged, calibrate, certain, metrics};
use crate::analyzer::Analyzer;
use crate::audio::SAMPLE_RATE_HZ;
use crate::corpus::{ReferencePool, Utterance};
use crate::model::{Calibration, Conditioning, Emotion, Metrics, Output, ReferenceDraw, ReferenceScore};
use crate::nn::classifiers::SpeakerNetwork;
use crate::parallel;

/// References that are drawn for each clip, in all protocols.
pub const REFERENCES: [(ReferenceDraw, usize); 11] = [
    (ReferenceDraw::Random, 1),
    (ReferenceDraw::Random, 3),
    (ReferenceDraw::Random, 6),
    (ReferenceDraw::Random, 12),
    (ReferenceDraw::Random, 24),
    (ReferenceDraw::Sitting, 1),
    (ReferenceDraw::Sitting, 3),
    (ReferenceDraw::Sitting, 6),
    (ReferenceDraw::Sitting, 12),
    (ReferenceDraw::Sitting, 24),
    (ReferenceDraw::OneSided, 12),
];

/// A logit that no other is below.
const IMPOSSIBLE: f32 = -1e9;

/// A clip that was read alone, with what references are made of.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// What its name says.
    pub utterance: Utterance,
    /// Its normalised embedding.
    pub embedding: Vec<f32>,
    /// What the model says of it alone.
    pub alone: Output,
    /// Seconds that the model heard.
    pub seconds: f32,
}

/// Reads every recording alone, with one of the `analyzers` a thread; those that cannot be read, and those without speech, are left
/// out. `progress` is told how many are done.
pub fn enrol(
    analyzers: Vec<Analyzer>,
    utterances: &[&Utterance],
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<Enrolled> {
    let done = AtomicUsize::new(0);
    let read = parallel::map(utterances, analyzers, |analyzer, &utterance| {
        let analysis = fs::read(&utterance.path).ok().and_then(|bytes| analyzer.analyze_file(&bytes).ok());
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        let analysis = analysis.filter(|analysis| !analysis.quality.has_no_speech())?;
        Some(Enrolled {
            utterance: utterance.clone(),
            embedding: analyzer.model().normalised(&analysis.features),
            alone: analysis.output,
            seconds: analysis.clip.recorded().len() as f32 / SAMPLE_RATE_HZ as f32,
        })
    });
    read.into_iter().flatten().collect()
}

/// Clips that were read beside references of their speakers.
pub struct ReadBeside {
    /// What is said of them, before calibration. Clips whose speaker has no others are left out.
    pub judged: Vec<Judged>,
    /// Mean length of a reference, in seconds.
    pub reference_s: f32,
}

/// Reads each clip beside a reference of so many of the others, drawn by its place and the seed.
pub fn read_beside(
    network: &SpeakerNetwork,
    clips: &[Enrolled],
    (draw, count): (ReferenceDraw, usize),
    seed: u64,
) -> ReadBeside {
    let pool = ReferencePool::new(clips.iter().map(|clip| &clip.utterance));
    let places: Vec<usize> = (0..clips.len()).collect();
    let networks: Vec<_> = (0..parallel::cores()).map(|_| (network.clone(), Device::flex())).collect();
    let read = parallel::map(&places, networks, |(network, device), &place| {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add((place as u64) << 8 | count as u64));
        let others = pool.draw(place, count, draw, &mut rng);
        if others.is_empty() {
            return None;
        }
        let clip = &clips[place];
        let conditioning =
            Conditioning::of_embeddings(others.iter().map(|&other| &clips[other].embedding[..]));
        let output = conditioning.read(network, &clip.embedding, &clip.alone, device);
        let seconds: f32 = others.iter().map(|&other| clips[other].seconds).sum();
        Some((judged(clip, output), seconds))
    });
    let (judged, seconds): (Vec<Judged>, Vec<f32>) = read.into_iter().flatten().unzip();
    let reference_s = seconds.iter().sum::<f32>() / seconds.len().max(1) as f32;
    ReadBeside { judged, reference_s }
}

/// What is said of clips alone, before calibration.
pub fn read_alone(clips: &[Enrolled]) -> ReadBeside {
    ReadBeside { judged: clips.iter().map(|clip| judged(clip, clip.alone)).collect(), reference_s: 0.0 }
}

fn judged(clip: &Enrolled, output: Output) -> Judged {
    let Utterance { speaker, emotion, .. } = &clip.utterance;
    let prediction = Calibration::default().predict(&output);
    Judged { corpus: speaker.corpus, acted: *emotion, output, prediction }
}

/// Sums up clips that were read beside references.
pub fn reference_score(
    clips_of: &str,
    (draw, reference_clips): (ReferenceDraw, usize),
    read: &ReadBeside,
    calibration: &Calibration,
) -> ReferenceScore {
    let judged: Vec<Judged> = read.judged.iter().map(|clip| clip.calibrated(calibration)).collect();
    let Metrics { clips, accuracy, accuracy_interval, mean_recall, calibration_error, .. } = metrics(&judged);
    let Certain { said, right, .. } = certain(&judged, calibration.likely_from);
    ReferenceScore {
        clips_of: clips_of.to_owned(),
        draw,
        reference_clips,
        reference_s: read.reference_s,
        clips,
        accuracy,
        accuracy_interval,
        mean_recall,
        said,
        right,
        calibration_error,
    }
}

/// Clips of one split or corpus that were read beside references, of each kind and size.
pub struct Protocol {
    /// Its name.
    pub name: String,
    /// Each clip alone.
    pub alone: ReadBeside,
    /// In the order of [`REFERENCES`].
    pub beside: Vec<ReadBeside>,
}

impl Protocol {
    /// Reads clips beside all references.
    pub fn new(name: &str, network: &SpeakerNetwork, clips: &[Enrolled], seed: u64) -> Self {
        let beside = REFERENCES.map(|reference| read_beside(network, clips, reference, seed));
        Self { name: name.to_owned(), alone: read_alone(clips), beside: beside.into() }
    }

    /// The same with the clips of another beside its own.
    ///
    /// # Panics
    /// If the other has none.
    pub fn and(mut self, other: Self) -> Self {
        self.alone.judged.extend(other.alone.judged);
        for (own, other) in self.beside.iter_mut().zip(other.beside) {
            let [mine, theirs] = [&own.judged, &other.judged].map(|judged| judged.len() as f32);
            own.reference_s = (mine * own.reference_s + theirs * other.reference_s) / (mine + theirs);
            own.judged.extend(other.judged);
        }
        self
    }

    /// The same where only these emotions are to choose from.
    pub fn among(mut self, emotions: &[Emotion]) -> Self {
        for read in std::iter::once(&mut self.alone).chain(&mut self.beside) {
            for clip in &mut read.judged {
                for emotion in Emotion::ALL.into_iter().filter(|emotion| !emotions.contains(emotion)) {
                    clip.output.logits[emotion.index()] = IMPOSSIBLE;
                }
            }
        }
        self
    }

    /// How often the likeliest emotion is right, without a reference and with each; no calibration changes that.
    pub fn accuracies(&self) -> Vec<ReferenceScore> {
        self.scores(&Calibration::default(), &Calibration::default())
    }

    fn pooled(&self) -> Vec<Judged> {
        self.beside.iter().flat_map(|read| read.judged.iter().copied()).collect()
    }

    /// The scores without a reference, by the `alone` calibration, then with each.
    fn scores(&self, alone: &Calibration, beside: &Calibration) -> Vec<ReferenceScore> {
        let without = reference_score(&self.name, (ReferenceDraw::Random, 0), &self.alone, alone);
        let with = REFERENCES.into_iter().zip(&self.beside).filter(|(_, read)| !read.judged.is_empty());
        let with = with.map(|(reference, read)| reference_score(&self.name, reference, read, beside));
        std::iter::once(without).chain(with).collect()
    }
}

/// Fits the calibration of readings beside references to validation clips and to corpora that the networks never met, and scores all
/// protocols: those of corpora by calibrations without them.
///
/// # Panics
/// If there are no validation clips.
pub fn calibrate_beside(
    alone: &Calibration,
    validation: &Protocol,
    never_met: &[Protocol],
    evaluation: &[Protocol],
) -> (Calibration, Vec<ReferenceScore>) {
    let validation = validation.pooled();
    let pooled: Vec<Vec<Judged>> = never_met.iter().map(Protocol::pooled).collect();
    let fitted = |without: Option<usize>| {
        let others = pooled.iter().enumerate().filter(|(place, _)| Some(*place) != without);
        calibrate(&validation, &others.map(|(_, clips)| &clips[..]).collect::<Vec<_>>())
    };
    let calibration = fitted(None);
    let mut scores: Vec<ReferenceScore> =
        evaluation.iter().flat_map(|protocol| protocol.scores(alone, &calibration)).collect();
    for (place, protocol) in never_met.iter().enumerate() {
        scores.extend(protocol.scores(alone, &fitted(Some(place))));
    }
    (calibration, scores)
}
