//! Neural networks as plain burn modules, in burn's idiom: `XConfig` → `init(&device)` → `X`.
//!
//! Nothing here depends on audio, labels or files; [`crate::model`] combines them.

pub(crate) mod activation;
pub mod classifiers;
#[doc(hidden)]
pub mod conv_block;
#[doc(hidden)]
pub mod dropout;
pub mod encoders;
mod gelu;
pub mod gpu;
pub(crate) mod matmul;
#[doc(hidden)]
pub mod mode;
pub mod parameters;
#[doc(hidden)]
pub mod quant;
pub mod weights;
