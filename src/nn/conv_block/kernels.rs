//! Arithmetic of a convolution block on the CPU: convolution, ReLU, batch normalisation and max pooling, on plain slices.
//!
//! burn's own operations pass every activation through memory about twenty times a step and compute the gradient of a
//! kernel by a convolution whose matrix products have nine columns. Here patches are laid out tile by tile, each small
//! enough for the second-level cache, and multiplied while they are there.

use std::ops::Range;

use crate::nn::product::{Matrix, multiply};

/// Floats of a tile of patches: half a mebibyte.
const TILE: usize = 131_072;

/// Sizes of a block. Maps are `[batch, channels, rows, columns]`, last dimension fastest.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub rows: usize,
    pub columns: usize,
    /// Rows and columns of the kernel, odd; the map is padded by half of each.
    pub kernel: [usize; 2],
    /// Rows and columns of a pooling window; windows that do not fit are left out.
    pub pool: [usize; 2],
}

impl Sizes {
    /// Values in a patch.
    pub fn patch(&self) -> usize {
        self.inputs * self.kernel[0] * self.kernel[1]
    }

    /// Pixels in a channel of a clip.
    pub fn map(&self) -> usize {
        self.rows * self.columns
    }

    /// Rows and columns after pooling.
    pub fn pooled(&self) -> [usize; 2] {
        [self.rows / self.pool[0], self.columns / self.pool[1]]
    }

    /// Ranges over the lines of all maps, a line being one row of one clip.
    pub fn tiles(self) -> impl Iterator<Item = Range<usize>> {
        let lines = self.batch * self.rows;
        let step = (TILE / (self.patch() * self.columns)).max(1);
        (0..lines).step_by(step).map(move |start| start..(start + step).min(lines))
    }
}

/// For every line of the tile and every place in the kernel: where the pixels come from in `x` (`None` outside), how
/// far the row is shifted, and where they go in the tile's patches.
pub fn for_each_patch_row(
    sizes: &Sizes,
    lines: &Range<usize>,
    mut visit: impl FnMut(Option<usize>, isize, Range<usize>),
) {
    let Sizes { inputs, rows, columns, kernel: [kernel_rows, kernel_columns], .. } = *sizes;
    let width = lines.len() * columns;
    for channel in 0..inputs {
        for ky in 0..kernel_rows {
            for kx in 0..kernel_columns {
                let shift = kx as isize - (kernel_columns / 2) as isize;
                let patch = (channel * kernel_rows + ky) * kernel_columns + kx;
                for (i, line) in lines.clone().enumerate() {
                    let (clip, row) = (line / rows, line % rows);
                    let from = (row + ky).checked_sub(kernel_rows / 2).filter(|&row| row < rows);
                    let from = from.map(|row| ((clip * inputs + channel) * rows + row) * columns);
                    let to = patch * width + i * columns;
                    visit(from, shift, to..to + columns);
                }
            }
        }
    }
}

/// The part of a row that stays inside when it is shifted: what is read, and where it lands.
pub fn overlap(shift: isize, columns: usize) -> (Range<usize>, Range<usize>) {
    let distance = shift.unsigned_abs().min(columns);
    if shift < 0 {
        (0..columns - distance, distance..columns)
    } else {
        (distance..columns, 0..columns - distance)
    }
}

/// Lays the patches around every pixel of the tile out as columns.
pub fn gather_patches(x: &[f32], sizes: &Sizes, lines: &Range<usize>, patches: &mut [f32]) {
    for_each_patch_row(sizes, lines, |from, shift, to| {
        let row = &mut patches[to];
        let Some(from) = from else { return row.fill(0.0) };
        let (read, land) = overlap(shift, row.len());
        let source = &x[from..from + row.len()];
        row[..land.start].fill(0.0);
        row[land.end..].fill(0.0);
        row[land].copy_from_slice(&source[read]);
    });
}

/// Copies between a tile `[outputs, lines × columns]` and the maps that it is a part of, line by line.
pub fn for_each_output_row(
    sizes: &Sizes,
    lines: &Range<usize>,
    mut visit: impl FnMut(usize, Range<usize>, Range<usize>),
) {
    let Sizes { outputs, rows, columns, .. } = *sizes;
    let width = lines.len() * columns;
    for channel in 0..outputs {
        for (i, line) in lines.clone().enumerate() {
            let (clip, row) = (line / rows, line % rows);
            let map = ((clip * outputs + channel) * rows + row) * columns;
            let tile = channel * width + i * columns;
            visit(channel, map..map + columns, tile..tile + columns);
        }
    }
}

/// Convolution with bias, then ReLU: `[batch, outputs, rows, columns]`.
pub fn convolve(x: &[f32], weight: &[f32], bias: &[f32], sizes: &Sizes) -> Vec<f32> {
    let patch = sizes.patch();
    let weight = Matrix::new(weight, sizes.outputs, patch);
    let mut activation = vec![0.0; sizes.batch * sizes.outputs * sizes.map()];
    let (mut patches, mut tile) = (Vec::new(), Vec::new());
    for lines in sizes.tiles() {
        let width = lines.len() * sizes.columns;
        patches.resize(patch * width, 0.0);
        tile.resize(sizes.outputs * width, 0.0);
        gather_patches(x, sizes, &lines, &mut patches);
        multiply(weight, Matrix::new(&patches, patch, width), &mut tile, false);
        for_each_output_row(sizes, &lines, |channel, map, part| {
            for (value, sum) in activation[map].iter_mut().zip(&tile[part]) {
                *value = (sum + bias[channel]).max(0.0);
            }
        });
    }
    activation
}

/// Visits every row of pooling windows: its channel, its place in the pooled maps and that of its first pixel.
pub fn for_each_window_row(sizes: &Sizes, mut visit: impl FnMut(usize, Range<usize>, usize)) {
    let [pooled_rows, pooled_columns] = sizes.pooled();
    for map in 0..sizes.batch * sizes.outputs {
        for row in 0..pooled_rows {
            let pooled = (map * pooled_rows + row) * pooled_columns;
            let first = (map * sizes.rows + row * sizes.pool[0]) * sizes.columns;
            visit(map % sizes.outputs, pooled..pooled + pooled_columns, first);
        }
    }
}

/// Raises `best` to the largest `scale * activation` so far of each window, of which `line` is one line of pixels. Widths
/// known to the compiler are what it turns into fast loops.
fn raise<const WIDTH: usize>(line: &[f32], scale: f32, best: &mut [f32]) {
    for (best, pixels) in best.iter_mut().zip(line.as_chunks::<WIDTH>().0) {
        for activation in pixels {
            let value = scale * activation;
            *best = if value > *best { value } else { *best };
        }
    }
}

/// `scale * activation + shift` of each channel, then the largest of each window.
pub fn normalise_and_pool(activation: &[f32], scale: &[f32], shift: &[f32], sizes: &Sizes) -> Vec<f32> {
    let [rows, columns] = sizes.pooled();
    let raise = match sizes.pool[1] {
        1 => raise::<1>,
        2 => raise::<2>,
        4 => raise::<4>,
        width => panic!("windows are 1, 2 or 4 columns wide, not {width}"),
    };
    let mut pooled = vec![f32::NEG_INFINITY; sizes.batch * sizes.outputs * rows * columns];
    for_each_window_row(sizes, |channel, to, first| {
        let best = &mut pooled[to];
        for row in 0..sizes.pool[0] {
            let line = &activation[first + row * sizes.columns..][..sizes.columns];
            raise(line, scale[channel], best);
        }
        best.iter_mut().for_each(|value| *value += shift[channel]);
    });
    pooled
}
