//! Loss and accuracy over the epochs of a run.

use plotters::prelude::*;

use super::{INK, PALETTE, WIDTH};
use crate::train::Epoch;

/// Training and validation loss on the left axis, validation accuracy on the right.
pub fn learning_curve(epochs: &[Epoch]) -> String {
    let last = epochs.len().max(2) as f32;
    let highest = epochs.iter().flat_map(|e| [e.loss, e.validation_loss]).fold(1.0_f32, f32::max) * 1.05;
    super::draw([WIDTH, 360], |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .right_y_label_area_size(50)
            .build_cartesian_2d(1.0..last, 0.0..highest)?
            .set_secondary_coord(1.0..last, 0.0..100.0_f32);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|epoch| format!("{epoch:.0}"))
            .x_desc("epoch")
            .y_desc("loss")
            .draw()?;
        chart
            .configure_secondary_axes()
            .y_label_formatter(&|share| format!("{share:.0}"))
            .y_desc("accuracy, %")
            .draw()?;
        let line =
            |value: fn(&Epoch) -> f32| epochs.iter().map(move |epoch| (epoch.epoch as f32, value(epoch)));
        let key = |style: ShapeStyle| move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style);
        let styles = [0, 1, 2].map(|i| PALETTE[i].stroke_width(2));
        chart
            .draw_series(LineSeries::new(line(|e| e.loss), styles[0]))?
            .label("training loss")
            .legend(key(styles[0]));
        chart
            .draw_series(LineSeries::new(line(|e| e.validation_loss), styles[1]))?
            .label("validation loss")
            .legend(key(styles[1]));
        chart
            .draw_secondary_series(LineSeries::new(line(|e| 100.0 * e.validation_accuracy), styles[2]))?
            .label("validation accuracy")
            .legend(key(styles[2]));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .border_style(INK.mix(0.2))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        Ok(())
    })
}
