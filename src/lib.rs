#![doc = include_str!("../README.md")]
//!
//! # The crate
//!
//! ```text
//! bytes / samples ─ audio ─▶ Clip ─ features ─▶ FeatureMap ─ model ─▶ Prediction
//! ```
//!
//! Each stage is a module that can be used alone; [`analyzer::Analyzer`] chains them. Samples are `f32` in [-1, 1], mono; times
//! are seconds (`_s`), rates hertz (`_hz`).

#![warn(missing_docs)]
// The browser's engines have parts of the crate.
#![cfg_attr(not(all(feature = "autodiff", feature = "import")), allow(dead_code))]

pub use burn::tensor::Device;

#[cfg(feature = "cpu")]
pub mod analyzer;
pub mod audio;
#[cfg(feature = "cpu")]
pub mod custom;
pub mod encoder;
#[cfg(feature = "cpu")]
pub mod explain;
pub mod features;
pub mod model;
pub mod nn;
mod rules;
#[cfg(feature = "cpu")]
pub mod timeline;
pub mod vad;

#[cfg(feature = "train")]
pub mod augment;
#[cfg(feature = "batch")]
pub mod batch;
#[cfg(feature = "train")]
pub mod corpus;
#[cfg(feature = "train")]
pub mod evaluate;
#[cfg(not(target_arch = "wasm32"))]
pub mod files;
#[cfg(feature = "train")]
pub mod metrics;
#[cfg(not(target_arch = "wasm32"))]
pub mod parallel;
#[cfg(feature = "train")]
pub mod pretrain;
#[cfg(feature = "train")]
pub mod report;
#[cfg(feature = "train")]
pub mod run;
#[cfg(feature = "train")]
pub mod train;

#[cfg(feature = "python")]
mod python;
#[cfg(target_arch = "wasm32")]
pub mod web;
