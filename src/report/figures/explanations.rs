//! What decided readings: the paper's Figures 3 to 6.

use plotters::prelude::*;

use super::picture::{grey_and_heat, image, magma, shares, svg, text};
use super::{INK, PALETTE, WIDTH};
use crate::explain::{EmbeddingVariance, EncoderView, Explanation};
use crate::features::FeatureMap;

/// Pixels around and between pictures.
const GAP: u32 = 12;
/// Height of a title's line.
const LINE: u32 = 22;
/// Height of a picture of a clip.
const HEIGHT: u32 = 110;

/// One clip that is explained.
pub struct Explained<'a> {
    /// What stands above it.
    pub title: String,
    /// What decided.
    pub explanation: &'a Explanation,
    /// What a person sees of the clip: what the model saw, or the log-mel picture if it saw none.
    pub picture: &'a FeatureMap,
}

/// The paper's Figures 3 and 4: one row a clip, at the left what went in, at the right where the heat lies.
pub fn heat_maps(title: &str, clips: &[Explained<'_>]) -> String {
    let side = (WIDTH - 3 * GAP) / 2;
    let mut body = text([GAP, 20], 16, title);
    let mut y = 28 + GAP;
    for Explained { title, explanation, picture } in clips {
        body += &text([GAP, y + 14], 13, title);
        y += LINE;
        let size = [picture.rows(), picture.columns()];
        let shares = shares(picture);
        let share = |row: usize, column: usize| shares[row * size[1] + column];
        let heat = &explanation.heat;
        let heat_at = |row: usize, column: usize| {
            heat.row(row * heat.rows() / size[0])[column * heat.columns() / size[1]]
        };
        body += &image(size, [GAP, y, side, HEIGHT], |row, column| magma(share(row, column)));
        body += &image(size, [2 * GAP + side, y, side, HEIGHT], |row, column| {
            grey_and_heat(share(row, column), heat_at(row, column))
        });
        y += HEIGHT + LINE;
        let clip_s = explanation.summary.clip_s;
        body += &text([GAP, y - 7], 11, &format!("0 to {clip_s:.1} s, low at the bottom"));
    }
    svg([WIDTH, y + GAP], title, &body)
}

/// The paper's Figure 5: one row a clip, how strongly each latent dimension answers on average, brighter is stronger.
pub fn activations(title: &str, clips: &[(String, EncoderView)]) -> String {
    let mut body = text([GAP, 20], 16, title);
    let mut y = 28 + GAP;
    for (title, view) in clips {
        body += &text([GAP, y + 14], 13, title);
        y += LINE;
        let shares = shares(&FeatureMap::new(view.mean.clone(), 1));
        body +=
            &image([1, shares.len()], [GAP, y, WIDTH - 2 * GAP, 30], |_, dimension| magma(shares[dimension]));
        y += 30 + GAP;
    }
    svg([WIDTH, y + GAP], title, &body)
}

/// Attention weights: a row a layer, a column a head; in each, queries from bottom to top and keys from left to right, brighter
/// is more.
pub fn attention(title: &str, layers: &[Vec<FeatureMap>]) -> String {
    let heads = layers.iter().map(Vec::len).max().unwrap_or(1).max(1) as u32;
    let side = (WIDTH - GAP) / heads - GAP;
    let mut body = text([GAP, 20], 16, title);
    let mut y = 28 + GAP;
    for (layer, heads) in layers.iter().enumerate() {
        for (head, weights) in (0..).zip(heads) {
            let x = GAP + head * (side + GAP);
            body += &text([x, y + 12], 11, &format!("layer {}, head {}", layer + 1, head + 1));
            let columns = weights.columns();
            // With hundreds of keys each weight is small: square roots make them visible.
            let top = weights.values().iter().copied().fold(1e-9_f32, f32::max);
            body += &image([weights.rows(), columns], [x, y + LINE - 4, side, side], |row, column| {
                magma((weights.row(row)[column] / top).sqrt())
            });
        }
        y += LINE + side + GAP;
    }
    svg([WIDTH, y + GAP], title, &body)
}

/// The paper's Figure 6: the variance of each feature, the ten that differ the most and the least in colour.
pub fn variance(title: &str, found: &EmbeddingVariance) -> String {
    let highest = found.most.first().map_or(1.0, |ranked| ranked.variance).max(1e-9) * 1.05;
    let names = |ranked: &[crate::explain::Ranked]| {
        ranked.iter().map(|ranked| ranked.dimension.to_string()).collect::<Vec<_>>().join(", ")
    };
    super::draw([WIDTH, 380], |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .caption(title, ("sans-serif", 16).into_font().color(&INK))
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(0..found.variance.len(), 0.0_f32..highest)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("feature")
            .y_desc(format!("variance over {} clips", found.clips))
            .draw()?;
        let bar = |feature: usize, variance: f32, colour: RGBColor| {
            Rectangle::new([(feature, 0.0), (feature + 1, variance)], colour.filled())
        };
        chart.draw_series(found.variance.iter().enumerate().map(|(i, &v)| bar(i, v, PALETTE[6])))?;
        let ends = [(&found.most, "most", PALETTE[0]), (&found.least, "least", PALETTE[1])];
        for (ranked, name, colour) in ends {
            let wide = |feature: usize| {
                // Wide enough to be seen among hundreds.
                let half = found.variance.len() / 400;
                (feature.saturating_sub(half), (feature + 1 + half).min(found.variance.len()))
            };
            chart
                .draw_series(ranked.iter().map(|ranked| {
                    let (from, to) = wide(ranked.dimension);
                    let top = ranked.variance.max(highest * 0.01);
                    Rectangle::new([(from, 0.0), (to, top)], colour.filled())
                }))?
                .label(format!("{name}: {}", names(ranked)))
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], colour.filled()));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperMiddle)
            .border_style(INK.mix(0.2))
            .background_style(WHITE.mix(0.85))
            .draw()?;
        Ok(())
    })
}
