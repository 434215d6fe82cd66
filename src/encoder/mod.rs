//! Pretrained speech encoders as a user meets them: weights and a configuration in a folder, as Hugging Face publishes
//! them.

mod hugging_face;

pub use hugging_face::{ImportError, import, read_config};
