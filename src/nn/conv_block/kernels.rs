//! CPU kernels of a convolution block: convolution, ReLU, batch normalisation and max pooling, on plain slices.
//!
//! burn's operations pass every activation through memory about twenty times per step and compute the gradient of a
//! kernel by a convolution whose matrix products have nine columns. Here patches are gathered (im2col) tile by tile, each
//! small enough for the second-level cache, and multiplied while they are in it.

use std::ops::Range;

use crate::nn::matmul::{Matrix, multiply};

/// Number of floats in a tile of patches: half a mebibyte.
const TILE: usize = 131_072;

/// Sizes of a block. Maps are `[batch, channels, rows, columns]`, in row-major order.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub in_channels: usize,
    pub out_channels: usize,
    pub rows: usize,
    pub columns: usize,
    /// Rows and columns of the kernel, odd; the map is padded by half of each.
    pub kernel: [usize; 2],
    /// Rows and columns of a pooling window; incomplete windows are left out.
    pub pool: [usize; 2],
}

impl Sizes {
    /// Number of values in a patch.
    pub fn patch(&self) -> usize {
        self.in_channels * self.kernel[0] * self.kernel[1]
    }

    /// Number of pixels in a channel of a clip.
    pub fn pixels(&self) -> usize {
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

/// Visits every line of the tile for every position in the kernel: the offset of its pixels in `x` (`None` in the padding),
/// the shift of the row, and the range in the tile's patches.
pub fn for_each_patch_row(
    sizes: &Sizes,
    lines: &Range<usize>,
    mut visit: impl FnMut(Option<usize>, isize, Range<usize>),
) {
    let Sizes { in_channels, rows, columns, kernel: [kernel_rows, kernel_columns], .. } = *sizes;
    let width = lines.len() * columns;
    for channel in 0..in_channels {
        for ky in 0..kernel_rows {
            for kx in 0..kernel_columns {
                let shift = kx as isize - (kernel_columns / 2) as isize;
                let patch = (channel * kernel_rows + ky) * kernel_columns + kx;
                for (i, line) in lines.clone().enumerate() {
                    let (clip, row) = (line / rows, line % rows);
                    let from = (row + ky).checked_sub(kernel_rows / 2).filter(|&row| row < rows);
                    let from = from.map(|row| ((clip * in_channels + channel) * rows + row) * columns);
                    let to = patch * width + i * columns;
                    visit(from, shift, to..to + columns);
                }
            }
        }
    }
}

/// The part of a row that stays inside when it is shifted: its range before the shift, and after.
pub fn overlap(shift: isize, columns: usize) -> (Range<usize>, Range<usize>) {
    let distance = shift.unsigned_abs().min(columns);
    if shift < 0 {
        (0..columns - distance, distance..columns)
    } else {
        (distance..columns, 0..columns - distance)
    }
}

/// Gathers the patches around every pixel of the tile as columns (im2col).
pub fn gather_patches(x: &[f32], sizes: &Sizes, lines: &Range<usize>, patches: &mut [f32]) {
    for_each_patch_row(sizes, lines, |from, shift, to| {
        let row = &mut patches[to];
        let Some(from) = from else { return row.fill(0.0) };
        let columns = row.len();
        let (source, target) = overlap(shift, columns);
        row[..target.start].fill(0.0);
        row[target.end..].fill(0.0);
        row[target].copy_from_slice(&x[from..from + columns][source]);
    });
}

/// Visits every line of a tile `[out_channels, lines × columns]`: its channel, its range in the maps, and its range in the
/// tile.
pub fn for_each_output_row(
    sizes: &Sizes,
    lines: &Range<usize>,
    mut visit: impl FnMut(usize, Range<usize>, Range<usize>),
) {
    let Sizes { out_channels, rows, columns, .. } = *sizes;
    let width = lines.len() * columns;
    for channel in 0..out_channels {
        for (i, line) in lines.clone().enumerate() {
            let (clip, row) = (line / rows, line % rows);
            let map = ((clip * out_channels + channel) * rows + row) * columns;
            let tile = channel * width + i * columns;
            visit(channel, map..map + columns, tile..tile + columns);
        }
    }
}

/// Convolution with bias, then ReLU: `[batch, out_channels, rows, columns]`.
pub fn convolve(x: &[f32], weight: &[f32], bias: &[f32], sizes: &Sizes) -> Vec<f32> {
    let patch = sizes.patch();
    let weight = Matrix::new(weight, sizes.out_channels, patch);
    let mut activation = vec![0.0; sizes.batch * sizes.out_channels * sizes.pixels()];
    let (mut patches, mut tile) = (Vec::new(), Vec::new());
    for lines in sizes.tiles() {
        let width = lines.len() * sizes.columns;
        patches.resize(patch * width, 0.0);
        tile.resize(sizes.out_channels * width, 0.0);
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

/// Visits every row of pooling windows: its channel, its range in the pooled maps and the offset of its first pixel.
pub fn for_each_window_row(sizes: &Sizes, mut visit: impl FnMut(usize, Range<usize>, usize)) {
    let [pooled_rows, pooled_columns] = sizes.pooled();
    for map in 0..sizes.batch * sizes.out_channels {
        for row in 0..pooled_rows {
            let pooled = (map * pooled_rows + row) * pooled_columns;
            let first = (map * sizes.rows + row * sizes.pool[0]) * sizes.columns;
            visit(map % sizes.out_channels, pooled..pooled + pooled_columns, first);
        }
    }
}

/// Updates the maximum of `scale * activation` in each window by `line`, one line of pixels of the windows. The width is a
/// constant, so that the compiler unrolls the loop.
fn update_max<const WIDTH: usize>(line: &[f32], scale: f32, largest: &mut [f32]) {
    for (largest, pixels) in largest.iter_mut().zip(line.as_chunks::<WIDTH>().0) {
        for activation in pixels {
            let value = scale * activation;
            *largest = if value > *largest { value } else { *largest };
        }
    }
}

/// `scale * activation + shift` of each channel, then the maximum of each window.
pub fn normalise_and_pool(activation: &[f32], scale: &[f32], shift: &[f32], sizes: &Sizes) -> Vec<f32> {
    let [rows, columns] = sizes.pooled();
    let update_max = match sizes.pool[1] {
        1 => update_max::<1>,
        2 => update_max::<2>,
        4 => update_max::<4>,
        width => panic!("windows are 1, 2 or 4 columns wide, not {width}"),
    };
    let mut pooled = vec![f32::NEG_INFINITY; sizes.batch * sizes.out_channels * rows * columns];
    for_each_window_row(sizes, |channel, to, first| {
        let largest = &mut pooled[to];
        for row in 0..sizes.pool[0] {
            let line = &activation[first + row * sizes.columns..][..sizes.columns];
            update_max(line, scale[channel], largest);
        }
        largest.iter_mut().for_each(|value| *value += shift[channel]);
    });
    pooled
}
