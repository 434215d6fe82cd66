//! Neural networks as plain burn modules, in burn's idiom: `XConfig` → `init(&device)` → `X`.
//!
//! Nothing here knows of sound, labels or files; [`crate::model`] brings those together.

pub(crate) mod activation;
pub mod classifiers;
pub mod conv_block;
pub mod dropout;
pub mod encoders;
mod gelu;
pub mod learning;
pub mod parameters;
pub(crate) mod product;
pub mod quant;
pub mod weights;
