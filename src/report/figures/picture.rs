//! Pictures in pictures: maps of many values stand in an SVG as PNG.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::features::FeatureMap;

/// Red, green and blue, 0 to 255.
pub type Colour = [u8; 3];

/// Stops of the "magma" map (Smith and van der Walt, 2015): lightness rises all the way, so that it reads without colour.
const MAGMA: [Colour; 7] = [
    [0, 0, 4],
    [40, 17, 89],
    [114, 31, 129],
    [183, 55, 121],
    [241, 96, 93],
    [254, 175, 119],
    [252, 253, 191],
];
/// What heat is mixed in as.
const HEAT: Colour = [255, 72, 0];

/// Dark to bright for 0 to 1.
pub fn magma(share: f32) -> Colour {
    let at = share.clamp(0.0, 0.9999) * (MAGMA.len() - 1) as f32;
    mix(MAGMA[at as usize], MAGMA[at as usize + 1], at.fract())
}

/// Dark to bright grey for 0 to 1, and the hotter the more of the heat's colour.
pub fn grey_and_heat(share: f32, heat: f32) -> Colour {
    let grey = (20.0 + 200.0 * share.clamp(0.0, 1.0)) as u8;
    mix([grey; 3], HEAT, 0.8 * heat.clamp(0.0, 1.0))
}

fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    std::array::from_fn(|i| (f32::from(a[i]) + (f32::from(b[i]) - f32::from(a[i])) * share).round() as u8)
}

/// What `colour` makes of each row, lowest first, and column, as an `image` of an SVG.
pub fn image(
    [rows, columns]: [usize; 2],
    [x, y, width, height]: [u32; 4],
    colour: impl Fn(usize, usize) -> Colour,
) -> String {
    let pixels: Vec<u8> = (0..rows)
        .rev()
        .flat_map(|row| (0..columns).map(move |column| (row, column)))
        .flat_map(|(r, c)| colour(r, c))
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, columns as u32, rows as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .expect("writing into memory cannot fail");
    format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,{}\"/>\n",
        STANDARD.encode(file)
    )
}

/// Brings values to 0 to 1: the darkest fiftieth is 0 and the brightest 1, so that a few extremes do not press the rest
/// together.
pub fn shares(map: &FeatureMap) -> Vec<f32> {
    let mut sorted = map.values().to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = |share: f32| sorted[((sorted.len() - 1) as f32 * share) as usize];
    let (low, high) = (at(0.02), at(0.98));
    let range = (high - low).max(1e-9);
    map.values().iter().map(|value| ((value - low) / range).clamp(0.0, 1.0)).collect()
}

/// A line of text.
pub fn text([x, y]: [u32; 2], size: u32, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<text x=\"{x}\" y=\"{y}\" font-family=\"sans-serif\" font-size=\"{size}\" fill=\"#2b2b33\">{text}</text>\n"
    )
}

/// An SVG of `[width, height]` pixels on white.
pub fn svg([width, height]: [u32; 2], title: &str, body: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}
