//! What the corpora hold.

use plotters::prelude::*;

use super::{INK, PALETTE, WIDTH};
use crate::corpus::{Corpus, Survey};
use crate::model::Emotion;

/// The paper's Figure 1: recordings of each emotion, one colour a corpus.
pub fn counts(survey: &Survey) -> String {
    let highest = Emotion::ALL.map(|emotion| survey.count(emotion)).into_iter().max().unwrap_or(0).max(1);
    super::draw([WIDTH, 400], |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(30)
            .y_label_area_size(50)
            .build_cartesian_2d((0..6_usize).into_segmented(), 0..highest * 115 / 100)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|place| name_at(place))
            .y_desc("recordings")
            .draw()?;
        let mut below = [0; 7];
        for (corpus, colour) in Corpus::PAPER.into_iter().zip(PALETTE) {
            let bars = Emotion::ALL.map(|emotion| {
                let count = survey.counts.get(&emotion).and_then(|by| by.get(&corpus)).copied().unwrap_or(0);
                let start = below[emotion.index()];
                below[emotion.index()] += count;
                bar(emotion, start..start + count, colour)
            });
            chart
                .draw_series(bars)?
                .label(corpus.name())
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], colour.filled()));
        }
        let style = ("sans-serif", 14).into_font().color(&INK);
        chart.draw_series(Emotion::ALL.map(|emotion| {
            let place = SegmentValue::CenterOf(emotion.index());
            EmptyElement::at((place, below[emotion.index()]))
                + Text::new(below[emotion.index()].to_string(), (-14, -16), style.clone())
        }))?;
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .border_style(INK.mix(0.2))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        Ok(())
    })
}

/// Loudness of each emotion's recordings: the middle half as a box with the median, and the extremes.
pub fn loudness(survey: &Survey) -> String {
    let spreads = &survey.loudness_dbfs;
    // Digital silence would press everything else together.
    let lowest = spreads.values().map(|spread| spread.lowest.max(-70.0)).fold(-40.0_f32, f32::min) - 3.0;
    super::draw([WIDTH, 400], |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(30)
            .y_label_area_size(50)
            .build_cartesian_2d((0..6_usize).into_segmented(), lowest..0.0_f32)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|place| name_at(place))
            .y_desc("loudness (RMS), dB below full scale")
            .draw()?;
        for (&emotion, spread) in spreads {
            let colour = PALETTE[emotion.index()];
            let centre = SegmentValue::CenterOf(emotion.index());
            let whisker = [(centre.clone(), spread.lowest.max(lowest)), (centre.clone(), spread.highest)];
            chart.draw_series([PathElement::new(whisker, colour.stroke_width(2))])?;
            chart.draw_series([bar(emotion, spread.lower_quartile..spread.upper_quartile, colour)])?;
            chart.draw_series([bar(emotion, spread.median - 0.25..spread.median + 0.25, WHITE)])?;
        }
        Ok(())
    })
}

fn bar<Y>(
    emotion: Emotion,
    range: std::ops::Range<Y>,
    colour: RGBColor,
) -> Rectangle<(SegmentValue<usize>, Y)> {
    let corners = [
        (SegmentValue::Exact(emotion.index()), range.start),
        (SegmentValue::Exact(emotion.index() + 1), range.end),
    ];
    let mut bar = Rectangle::new(corners, colour.filled());
    bar.set_margin(0, 0, 14, 14);
    bar
}

fn name_at(place: &SegmentValue<usize>) -> String {
    match place {
        SegmentValue::CenterOf(index) => {
            Emotion::ALL.get(*index).map_or_else(String::new, ToString::to_string)
        }
        _ => String::new(),
    }
}
