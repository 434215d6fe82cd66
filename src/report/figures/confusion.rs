//! Confusion matrices.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::INK;
use crate::model::Emotion;

/// Room for the names at the left and at the top, and the side of a cell, in pixels.
const NAMES: i32 = 84;
const CELL: i32 = 62;

/// A confusion matrix: a row per acted emotion, a column per predicted one, each cell with its share of the row in
/// percent.
pub fn confusion_matrix(title: &str, counts: &[[usize; 7]; 7]) -> String {
    let size = (NAMES + 7 * CELL + 12) as u32;
    super::draw([size, size + 24], |area| {
        let font = |size: i32| ("sans-serif", size).into_font().color(&INK);
        let centred = Pos::new(HPos::Center, VPos::Center);
        let top = NAMES + 24;
        area.draw(&Text::new(title.to_owned(), (12, 12), font(17)))?;
        area.draw(&Text::new("acted", (12, top - 18), font(13)))?;
        area.draw(&Text::new("predicted", (NAMES, 52), font(13)))?;
        for emotion in Emotion::ALL {
            let place = emotion.index() as i32 * CELL + CELL / 2;
            let right = font(14).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(emotion.name(), (NAMES - 8, top + place), right))?;
            area.draw(&Text::new(emotion.name(), (NAMES + place, top - 14), font(14).pos(centred)))?;
        }
        for (row, counts) in (0..).zip(counts) {
            let all = counts.iter().sum::<usize>().max(1);
            for (column, count) in (0..).zip(counts) {
                let share = *count as f64 / all as f64;
                let (x, y) = (NAMES + column * CELL, top + row * CELL);
                let shade = |full: u8| (255.0 - (255.0 - f64::from(full)) * share) as u8;
                let colour = RGBColor(shade(0x00), shade(0x54), shade(0x8c));
                area.draw(&Rectangle::new([(x, y), (x + CELL - 2, y + CELL - 2)], colour.filled()))?;
                let ink = if share > 0.5 { WHITE } else { INK };
                let style = ("sans-serif", 15).into_font().color(&ink).pos(centred);
                let text = format!("{:.0}", 100.0 * share);
                area.draw(&Text::new(text, (x + CELL / 2, y + CELL / 2), style))?;
            }
        }
        Ok(())
    })
}
