//! Evaluation and calibration of predictions conditioned on a speaker reference.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::analyzer::Analyzer;
use crate::audio::SAMPLE_RATE_HZ;
use crate::corpus::{ReferencePool, Utterance};
use crate::metrics::{ScoredClip, Selective, calibrate, metrics, selective};
use crate::model::{Calibration, Conditioning, Emotion, Metrics, Output, ReferenceDraw, ReferenceScore};
use crate::nn::classifiers::SpeakerNetwork;
use crate::parallel;

/// References drawn for each clip, in all protocols.
pub const REFERENCES: [(ReferenceDraw, usize); 11] = [
    (ReferenceDraw::Random, 1),
    (ReferenceDraw::Random, 3),
    (ReferenceDraw::Random, 6),
    (ReferenceDraw::Random, 12),
    (ReferenceDraw::Random, 24),
    (ReferenceDraw::OneSession, 1),
    (ReferenceDraw::OneSession, 3),
    (ReferenceDraw::OneSession, 6),
    (ReferenceDraw::OneSession, 12),
    (ReferenceDraw::OneSession, 24),
    (ReferenceDraw::OneSided, 12),
];

/// The logit of a class that is excluded.
const EXCLUDED: f32 = -1e9;

/// A clip with its unconditioned output and its embedding, of which references are made.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The recording, with its label.
    pub utterance: Utterance,
    /// Its normalised embedding.
    pub embedding: Vec<f32>,
    /// Output without a reference.
    pub unconditioned: Output,
    /// Seconds of the clip.
    pub seconds: f32,
}

/// Embeds every recording, with one of the `analyzers` per thread. Recordings that cannot be read, or hold no speech, are left out. `progress`
/// is called with the number done.
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
            unconditioned: analysis.output,
            seconds: analysis.clip.recorded().len() as f32 / SAMPLE_RATE_HZ as f32,
        })
    });
    read.into_iter().flatten().collect()
}

/// Predictions for clips, conditioned on references of one kind and size.
pub struct ConditionedPredictions {
    /// The clips, uncalibrated. Clips whose speaker has no others are left out.
    pub clips: Vec<ScoredClip>,
    /// Mean duration of a reference, in seconds.
    pub reference_s: f32,
}

/// Predicts each clip conditioned on a reference of `count` of the others, drawn by its index and the seed.
pub fn predict_conditioned(
    network: &SpeakerNetwork,
    clips: &[Enrolled],
    (draw, count): (ReferenceDraw, usize),
    seed: u64,
) -> ConditionedPredictions {
    let pool = ReferencePool::new(clips.iter().map(|clip| &clip.utterance));
    let indices: Vec<usize> = (0..clips.len()).collect();
    let networks: Vec<_> = (0..parallel::cores()).map(|_| (network.clone(), Device::flex())).collect();
    let predicted = parallel::map(&indices, networks, |(network, device), &index| {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add((index as u64) << 8 | count as u64));
        let others = pool.draw(index, count, draw, &mut rng);
        if others.is_empty() {
            return None;
        }
        let clip = &clips[index];
        let conditioning =
            Conditioning::of_embeddings(others.iter().map(|&other| &clips[other].embedding[..]));
        let output = conditioning.output(network, &clip.embedding, &clip.unconditioned, device);
        let seconds: f32 = others.iter().map(|&other| clips[other].seconds).sum();
        Some((scored_clip(clip, output), seconds))
    });
    let (clips, seconds): (Vec<ScoredClip>, Vec<f32>) = predicted.into_iter().flatten().unzip();
    let reference_s = seconds.iter().sum::<f32>() / seconds.len().max(1) as f32;
    ConditionedPredictions { clips, reference_s }
}

/// The unconditioned predictions of clips, uncalibrated.
pub fn predict_unconditioned(clips: &[Enrolled]) -> ConditionedPredictions {
    ConditionedPredictions {
        clips: clips.iter().map(|clip| scored_clip(clip, clip.unconditioned)).collect(),
        reference_s: 0.0,
    }
}

fn scored_clip(clip: &Enrolled, output: Output) -> ScoredClip {
    let Utterance { speaker, emotion, .. } = &clip.utterance;
    let prediction = Calibration::default().predict(&output);
    ScoredClip { corpus: speaker.corpus, acted: *emotion, output, prediction }
}

/// Metrics of conditioned predictions.
pub fn reference_score(
    clips_of: &str,
    (draw, reference_clips): (ReferenceDraw, usize),
    predicted: &ConditionedPredictions,
    calibration: &Calibration,
) -> ReferenceScore {
    let scored: Vec<ScoredClip> = predicted.clips.iter().map(|clip| clip.calibrated(calibration)).collect();
    let Metrics { clips, accuracy, accuracy_interval, mean_recall, calibration_error, .. } = metrics(&scored);
    let Selective { coverage, accuracy: selective_accuracy, .. } =
        selective(&scored, calibration.likely_from);
    ReferenceScore {
        clips_of: clips_of.to_owned(),
        draw,
        reference_clips,
        reference_s: predicted.reference_s,
        clips,
        accuracy,
        accuracy_interval,
        mean_recall,
        coverage,
        selective_accuracy,
        calibration_error,
    }
}

/// Predictions for the clips of one split or corpus, conditioned on references of each kind and size.
pub struct Protocol {
    /// Its name.
    pub name: String,
    /// Without a reference.
    pub unconditioned: ConditionedPredictions,
    /// In the order of [`REFERENCES`].
    pub conditioned: Vec<ConditionedPredictions>,
}

impl Protocol {
    /// Predicts clips conditioned on all references.
    pub fn new(name: &str, network: &SpeakerNetwork, clips: &[Enrolled], seed: u64) -> Self {
        let conditioned = REFERENCES.map(|reference| predict_conditioned(network, clips, reference, seed));
        Self {
            name: name.to_owned(),
            unconditioned: predict_unconditioned(clips),
            conditioned: conditioned.into(),
        }
    }

    /// The same with the clips of another protocol added.
    ///
    /// # Panics
    /// If the other has none.
    pub fn and(mut self, other: Self) -> Self {
        self.unconditioned.clips.extend(other.unconditioned.clips);
        for (own, other) in self.conditioned.iter_mut().zip(other.conditioned) {
            let [mine, theirs] = [&own.clips, &other.clips].map(|clips| clips.len() as f32);
            own.reference_s = (mine * own.reference_s + theirs * other.reference_s) / (mine + theirs);
            own.clips.extend(other.clips);
        }
        self
    }

    /// The same with only these classes to choose from.
    pub fn among(mut self, emotions: &[Emotion]) -> Self {
        for predicted in std::iter::once(&mut self.unconditioned).chain(&mut self.conditioned) {
            for clip in &mut predicted.clips {
                for emotion in Emotion::ALL.into_iter().filter(|emotion| !emotions.contains(emotion)) {
                    clip.output.logits[emotion.index()] = EXCLUDED;
                }
            }
        }
        self
    }

    /// Scores without a reference and with each, uncalibrated: accuracies do not depend on the calibration.
    pub fn accuracies(&self) -> Vec<ReferenceScore> {
        self.scores(&Calibration::default(), &Calibration::default())
    }

    fn pooled(&self) -> Vec<ScoredClip> {
        self.conditioned.iter().flat_map(|predicted| predicted.clips.iter().copied()).collect()
    }

    /// Scores without a reference, then with each, by calibrations of their own.
    fn scores(&self, unconditioned: &Calibration, conditioned: &Calibration) -> Vec<ReferenceScore> {
        let without =
            reference_score(&self.name, (ReferenceDraw::Random, 0), &self.unconditioned, unconditioned);
        let with = REFERENCES
            .into_iter()
            .zip(&self.conditioned)
            .filter(|(_, predicted)| !predicted.clips.is_empty());
        let with =
            with.map(|(reference, predicted)| reference_score(&self.name, reference, predicted, conditioned));
        std::iter::once(without).chain(with).collect()
    }
}

/// Fits the calibration of conditioned predictions to validation clips and unseen corpora, and scores all protocols: those of unseen
/// corpora by calibrations fitted without them.
///
/// # Panics
/// If there are no validation clips.
pub fn calibrate_conditioned(
    unconditioned: &Calibration,
    validation: &Protocol,
    unseen: &[Protocol],
    evaluation: &[Protocol],
) -> (Calibration, Vec<ReferenceScore>) {
    let validation = validation.pooled();
    let pooled: Vec<Vec<ScoredClip>> = unseen.iter().map(Protocol::pooled).collect();
    let fitted = |without: Option<usize>| {
        let others = pooled.iter().enumerate().filter(|(index, _)| Some(*index) != without);
        calibrate(&validation, &others.map(|(_, clips)| &clips[..]).collect::<Vec<_>>())
    };
    let calibration = fitted(None);
    let mut scores: Vec<ReferenceScore> =
        evaluation.iter().flat_map(|protocol| protocol.scores(unconditioned, &calibration)).collect();
    for (index, protocol) in unseen.iter().enumerate() {
        scores.extend(protocol.scores(unconditioned, &fitted(Some(index))));
    }
    (calibration, scores)
}
