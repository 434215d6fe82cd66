//! Reads which of seven emotions a voice carries, in a browser tab or natively.
//!
//! ```text
//! bytes / samples ─ audio ─▶ Clip ─ features ─▶ FeatureMap ─ model ─▶ Prediction
//! ```
//!
//! Each stage is a module that can be used alone; [`analyzer::Analyzer`] chains them:
//!
//! ```no_run
//! # #[cfg(not(target_arch = "wasm32"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use burn::tensor::Device;
//! use sottovoce::{analyzer::Analyzer, model::Model};
//!
//! let model = Model::load("models/mfcc1".as_ref(), &Device::flex())?;
//! let mut analyzer = Analyzer::new(model);
//! let analysis = analyzer.analyze_file(&std::fs::read("voice.opus")?)?;
//! println!("{}", analysis.prediction.label());
//! # Ok(())
//! # }
//! # #[cfg(target_arch = "wasm32")]
//! # fn main() {}
//! ```
//!
//! Samples are `f32` in [-1, 1], mono; times are seconds (`_s`), rates hertz (`_hz`).

#![warn(missing_docs)]

pub mod analyzer;
pub mod audio;
pub mod encoder;
pub mod explain;
pub mod features;
pub mod model;
pub mod nn;
mod rules;
pub mod vad;

#[cfg(feature = "train")]
pub mod augment;
#[cfg(feature = "train")]
pub mod corpus;
#[cfg(feature = "train")]
pub mod evaluate;
#[cfg(not(target_arch = "wasm32"))]
pub mod files;
#[cfg(feature = "train")]
pub mod metrics;
#[cfg(feature = "train")]
pub mod parallel;
#[cfg(feature = "train")]
pub mod pretrain;
#[cfg(feature = "train")]
pub mod report;
#[cfg(feature = "train")]
pub mod run;
#[cfg(feature = "train")]
pub mod train;

#[cfg(target_arch = "wasm32")]
pub mod web;
