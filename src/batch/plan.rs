//! What the parts of a batch have in common: parts of different plans do not make one output.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Options;
use crate::model::Manifest;

/// The plan of a batch. Its fields are named as what a person would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the program.
    pub version: String,
    /// Digest of the list of inputs.
    pub inputs: String,
    /// Number of inputs.
    pub count: u64,
    /// Name of the model.
    pub model: String,
    /// Digest of its description, which has those of its weights.
    pub weights: String,
    /// Name of the format.
    pub format: String,
    /// Distance of windows in seconds.
    pub windows: Option<f32>,
    /// Whether there are embeddings.
    pub embeddings: bool,
    /// The channel, if not all are mixed.
    pub channel: Option<String>,
    /// Which of the inputs.
    pub shard: String,
    /// Inputs per part.
    pub part: u64,
}

impl Plan {
    /// The plan of `count` inputs, on a list with this digest.
    pub fn new(count: u64, inputs: String, model: &Manifest, options: &Options) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs,
            count,
            model: model.name.clone(),
            weights: digest(model.to_json().as_bytes()).expect("memory can be read"),
            format: options.format.to_string(),
            windows: options.windows.map(|windows| windows.step_s),
            embeddings: options.embeddings,
            channel: options.channel.map(|channel| channel.to_string()),
            shard: options.shard.to_string(),
            // A few seconds of work.
            part: if options.windows.is_some() { 8 } else { 64 },
        }
    }

    /// Names of what differs in another plan, with commas in between.
    pub fn differences(&self, other: &Self) -> String {
        let fields = |plan: &Self| match serde_json::to_value(plan) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => unreachable!("a plan is an object"),
        };
        let others = fields(other);
        let names: Vec<String> = fields(self)
            .into_iter()
            .filter(|(name, value)| others.get(name) != Some(value))
            .map(|(name, _)| name)
            .collect();
        names.join(", ")
    }
}

/// A digest in hexadecimal.
pub fn digest(mut bytes: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut bytes, &mut hasher)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
