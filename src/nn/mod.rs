//! Neural networks as plain burn modules, in burn's idiom: `XConfig` → `init(&device)` → `X`.
//!
//! Nothing here depends on audio, labels or files; [`crate::model`] combines them.

pub(crate) mod activation;
pub mod classifiers;
pub mod conv_block;
pub mod dropout;
pub mod encoders;
mod gelu;
pub(crate) mod matmul;
pub mod mode;
pub mod parameters;
pub mod quant;
pub mod weights;
