//! What a speaker reference gains, by its length.

use plotters::prelude::*;

use super::{INK, PALETTE, WIDTH};

/// Accuracy, in percent, by seconds of reference: a line each, with its name.
pub fn reference_curve(lines: &[(String, Vec<[f32; 2]>)]) -> String {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let longest = points().map(|[seconds, _]| *seconds).fold(10.0_f32, f32::max) * 1.02;
    let lowest = points().map(|[_, accuracy]| *accuracy).fold(100.0_f32, f32::min) - 4.0;
    let highest = points().map(|[_, accuracy]| *accuracy).fold(0.0_f32, f32::max) + 4.0;
    super::draw([WIDTH, 400], |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d(0.0..longest, lowest..highest)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|seconds| format!("{seconds:.0}"))
            .y_label_formatter(&|accuracy| format!("{accuracy:.0}"))
            .x_desc("seconds of the speaker's other recordings")
            .y_desc("accuracy, %")
            .draw()?;
        for ((name, points), colour) in lines.iter().zip(PALETTE.iter().cycle()) {
            let style = colour.stroke_width(2);
            let points: Vec<(f32, f32)> =
                points.iter().map(|[seconds, accuracy]| (*seconds, *accuracy)).collect();
            chart
                .draw_series(LineSeries::new(points.iter().copied(), style))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
            chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::MiddleRight)
            .border_style(INK.mix(0.2))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        Ok(())
    })
}
