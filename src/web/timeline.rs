//! Timelines as files for other programs.

use wasm_bindgen::prelude::*;

use crate::timeline::{TimelineWindow, render};

/// The text of a file: `csv`, `json`, `audacity`, `textgrid` or `webvtt`.
///
/// # Errors
/// A JavaScript `Error` if there is no such format, or a window is malformed.
#[wasm_bindgen(js_name = renderTimeline)]
pub fn render_timeline(
    #[wasm_bindgen(unchecked_param_type = "TimelineWindow[]")] windows: JsValue,
    format: &str,
) -> Result<String, JsError> {
    let windows: Vec<TimelineWindow> = serde_wasm_bindgen::from_value(windows)?;
    Ok(render(&windows, format.parse().map_err(|error: String| JsError::new(&error))?))
}
