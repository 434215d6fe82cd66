//! Pictures of data and results, as SVG; native only.

mod confusion;
mod explanations;
mod learning_curve;
mod picture;
mod reference_curve;
mod survey;

pub use confusion::confusion_matrix;
pub use explanations::{Explained, activations, attention, heat_maps, variance};
pub use learning_curve::learning_curve;
pub use reference_curve::reference_curve;
pub use survey::{counts, loudness};

use plotters::coord::Shift;
use plotters::prelude::*;

/// Pixels from side to side.
const WIDTH: u32 = 720;

/// Text and axes.
const INK: RGBColor = RGBColor(0x2b, 0x2b, 0x33);

/// Colours that people with any kind of colour vision can tell apart (Okabe and Ito, 2008).
const PALETTE: [RGBColor; 7] = [
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x7f, 0x7f, 0x7f),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// An SVG of `[width, height]` pixels on white.
fn draw(size: [u32; 2], paint: impl FnOnce(&Area) -> Outcome) -> String {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (size[0], size[1])).into_drawing_area();
    let drawn = area.fill(&WHITE).map_err(Into::into).and_then(|()| paint(&area));
    drawn.and_then(|()| Ok(area.present()?)).expect("drawing into a string cannot fail");
    drop(area);
    svg
}
