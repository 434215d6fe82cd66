//! Arithmetic of a convolution block on the CPU: convolution, ReLU, batch normalisation and max pooling, with their
//! gradients, on plain slices.
//!
//! burn's own operations pass every activation through memory about twenty times a step and compute the gradient of a
//! kernel by a convolution whose matrix products have nine columns. Here patches are laid out tile by tile, each small
//! enough for the second-level cache, and multiplied while they are there.

use std::ops::Range;

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
    fn patch(&self) -> usize {
        self.inputs * self.kernel[0] * self.kernel[1]
    }

    fn map(&self) -> usize {
        self.rows * self.columns
    }

    /// Rows and columns after pooling.
    pub fn pooled(&self) -> [usize; 2] {
        [self.rows / self.pool[0], self.columns / self.pool[1]]
    }

    /// Ranges over the lines of all maps, a line being one row of one clip.
    fn tiles(self) -> impl Iterator<Item = Range<usize>> {
        let lines = self.batch * self.rows;
        let step = (TILE / (self.patch() * self.columns)).max(1);
        (0..lines).step_by(step).map(move |start| start..(start + step).min(lines))
    }
}

/// A matrix as a slice with the distances between its rows and between its columns.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    fn fits(&self, length: usize) -> bool {
        let last = (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride;
        self.rows > 0 && self.columns > 0 && last < length
    }
}

/// `out = lhs × rhs`, or `out += lhs × rhs` when `add`; `out` is row by row.
fn multiply(lhs: Matrix, rhs: Matrix, out: &mut [f32], add: bool) {
    let (m, n, k) = (lhs.rows, rhs.columns, lhs.columns);
    assert!(lhs.fits(lhs.values.len()) && rhs.fits(rhs.values.len()) && rhs.rows == k && out.len() >= m * n);
    // SAFETY: every index that the strides reach lies within its slice, by the assertion above, and `out` is borrowed
    // for writing alone.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            add,
            lhs.values.as_ptr(),
            lhs.column_stride as isize,
            lhs.row_stride as isize,
            rhs.values.as_ptr(),
            rhs.column_stride as isize,
            rhs.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// For every line of the tile and every place in the kernel: where the pixels come from in `x` (`None` outside), how
/// far the row is shifted, and where they go in the tile's patches.
fn for_each_patch_row(
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
fn overlap(shift: isize, columns: usize) -> (Range<usize>, Range<usize>) {
    let distance = shift.unsigned_abs().min(columns);
    if shift < 0 { (0..columns - distance, distance..columns) } else { (distance..columns, 0..columns - distance) }
}

/// Lays the patches around every pixel of the tile out as columns.
fn gather_patches(x: &[f32], sizes: &Sizes, lines: &Range<usize>, patches: &mut [f32]) {
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

/// The reverse of [`gather_patches`]: adds every patch to the pixels that it came from.
fn scatter_patches(patches: &[f32], sizes: &Sizes, lines: &Range<usize>, x: &mut [f32]) {
    for_each_patch_row(sizes, lines, |from, shift, to| {
        let Some(from) = from else { return };
        let row = &patches[to];
        let (read, land) = overlap(shift, row.len());
        for (pixel, value) in x[from..from + row.len()][read].iter_mut().zip(&row[land]) {
            *pixel += value;
        }
    });
}

/// Copies between a tile `[outputs, lines × columns]` and the maps that it is a part of, line by line.
fn for_each_output_row(sizes: &Sizes, lines: &Range<usize>, mut visit: impl FnMut(usize, Range<usize>, Range<usize>)) {
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

/// Mean and (biased) variance of each channel.
pub fn statistics(activation: &[f32], sizes: &Sizes) -> (Vec<f32>, Vec<f32>) {
    let count = (sizes.batch * sizes.map()) as f64;
    (0..sizes.outputs)
        .map(|channel| {
            let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
            for clip in activation.chunks_exact(sizes.outputs * sizes.map()) {
                for part in clip[channel * sizes.map()..][..sizes.map()].chunks(1024) {
                    let (mut lanes, mut square_lanes) = ([0.0_f32; 16], [0.0_f32; 16]);
                    let (whole, rest) = part.as_chunks::<16>();
                    for values in whole {
                        for lane in 0..16 {
                            lanes[lane] += values[lane];
                            square_lanes[lane] += values[lane] * values[lane];
                        }
                    }
                    for &value in rest {
                        lanes[0] += value;
                        square_lanes[0] += value * value;
                    }
                    sum += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
                    squares += square_lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
                }
            }
            let mean = sum / count;
            (mean as f32, (squares / count - mean * mean).max(0.0) as f32)
        })
        .unzip()
}

/// Visits every row of pooling windows: its channel, its place in the pooled maps and that of its first pixel.
fn for_each_window_row(sizes: &Sizes, mut visit: impl FnMut(usize, Range<usize>, usize)) {
    let [pooled_rows, pooled_columns] = sizes.pooled();
    for map in 0..sizes.batch * sizes.outputs {
        for row in 0..pooled_rows {
            let pooled = (map * pooled_rows + row) * pooled_columns;
            let first = (map * sizes.rows + row * sizes.pool[0]) * sizes.columns;
            visit(map % sizes.outputs, pooled..pooled + pooled_columns, first);
        }
    }
}

/// Visits the pixels of a row of windows: which window, and where the pixel is. Whole passes over the row, one for each
/// place in a window, are what compilers turn into fast loops.
fn for_each_pixel(sizes: &Sizes, first: usize, windows: usize, mut visit: impl FnMut(usize, usize)) {
    for row in 0..sizes.pool[0] {
        for column in 0..sizes.pool[1] {
            let start = first + row * sizes.columns + column;
            (0..windows).for_each(|window| visit(window, start + window * sizes.pool[1]));
        }
    }
}

/// `scale * activation + shift` of each channel, then the largest of each window.
pub fn normalise_and_pool(activation: &[f32], scale: &[f32], shift: &[f32], sizes: &Sizes) -> Vec<f32> {
    let [rows, columns] = sizes.pooled();
    let mut pooled = vec![f32::NEG_INFINITY; sizes.batch * sizes.outputs * rows * columns];
    for_each_window_row(sizes, |channel, to, first| {
        let (row, scale) = (&mut pooled[to], scale[channel]);
        for_each_pixel(sizes, first, row.len(), |window, at| {
            row[window] = row[window].max(scale * activation[at]);
        });
        row.iter_mut().for_each(|value| *value += shift[channel]);
    });
    pooled
}

/// Gradients of a block's inputs and parameters.
pub struct Gradients {
    pub x: Option<Vec<f32>>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
}

/// What the forward pass keeps for the backward pass.
pub struct Saved<'a> {
    pub x: &'a [f32],
    pub weight: &'a [f32],
    pub gamma: &'a [f32],
    /// After ReLU, before normalisation.
    pub activation: &'a [f32],
    pub mean: &'a [f32],
    pub inverse_deviation: &'a [f32],
}

/// Gradients from those of the pooled maps.
pub fn backward(pooled: &[f32], saved: &Saved, sizes: &Sizes, wants_x: bool) -> Gradients {
    let (gradient, gamma, beta) = before_normalisation(pooled, saved, sizes);
    let patch = sizes.patch();
    let weight = Matrix::new(saved.weight, sizes.outputs, patch).transposed();
    let mut weight_gradient = vec![0.0; sizes.outputs * patch];
    let mut bias_gradient = vec![0.0; sizes.outputs];
    let mut x_gradient = wants_x.then(|| vec![0.0; saved.x.len()]);
    let (mut patches, mut tile) = (Vec::new(), Vec::new());
    for lines in sizes.tiles() {
        let width = lines.len() * sizes.columns;
        patches.resize(patch * width, 0.0);
        tile.resize(sizes.outputs * width, 0.0);
        for_each_output_row(sizes, &lines, |channel, map, part| {
            tile[part.clone()].copy_from_slice(&gradient[map]);
            bias_gradient[channel] += tile[part].iter().sum::<f32>();
        });
        let tile = Matrix::new(&tile, sizes.outputs, width);
        gather_patches(saved.x, sizes, &lines, &mut patches);
        multiply(tile, Matrix::new(&patches, patch, width).transposed(), &mut weight_gradient, true);
        if let Some(x_gradient) = &mut x_gradient {
            multiply(weight, tile, &mut patches, false);
            scatter_patches(&patches, sizes, &lines, x_gradient);
        }
    }
    Gradients { x: x_gradient, weight: weight_gradient, bias: bias_gradient, gamma, beta }
}

/// Gradient with regard to the convolution's sums, then those of gamma and beta.
///
/// With the normalised activation `n` and the gradient `g` of each normalised pixel, summed over `m` pixels a channel,
/// that of the activation is `gamma / deviation * (g - sum(g) / m - n * sum(g * n) / m)` (Ioffe and Szegedy, 2015).
fn before_normalisation(pooled: &[f32], saved: &Saved, sizes: &Sizes) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let scale: Vec<f32> = saved.gamma.iter().zip(saved.inverse_deviation).map(|(a, b)| a * b).collect();
    let mut sums = vec![0.0_f64; sizes.outputs];
    let mut products = vec![0.0_f64; sizes.outputs];
    let mut places = vec![0_u32; pooled.len()];
    let mut best = Vec::new();
    for_each_window_row(sizes, |channel, from, first| {
        let (places, pooled, scale) = (&mut places[from.clone()], &pooled[from], scale[channel]);
        best.clear();
        best.resize(places.len(), f32::NEG_INFINITY);
        for_each_pixel(sizes, first, places.len(), |window, at| {
            let value = scale * saved.activation[at];
            let better = value > best[window];
            best[window] = if better { value } else { best[window] };
            places[window] = if better { at as u32 } else { places[window] };
        });
        let (mut sum, mut product) = (0.0, 0.0);
        for (gradient, place) in pooled.iter().zip(places) {
            sum += gradient;
            product += gradient * (saved.activation[*place as usize] - saved.mean[channel]);
        }
        sums[channel] += f64::from(sum);
        products[channel] += f64::from(product * saved.inverse_deviation[channel]);
    });
    let count = (sizes.batch * sizes.map()) as f32;
    let mut gradient = vec![0.0; saved.activation.len()];
    let maps = gradient.chunks_exact_mut(sizes.map()).zip(saved.activation.chunks_exact(sizes.map()));
    for (map, (gradients, activations)) in maps.enumerate() {
        let channel = map % sizes.outputs;
        let slope = -scale[channel] * products[channel] as f32 / count * saved.inverse_deviation[channel];
        let offset = -scale[channel] * sums[channel] as f32 / count - slope * saved.mean[channel];
        for (gradient, activation) in gradients.iter_mut().zip(activations) {
            let value = slope * activation + offset;
            *gradient = if *activation > 0.0 { value } else { 0.0 };
        }
    }
    for_each_window_row(sizes, |channel, from, _| {
        for (place, pooled) in places[from.clone()].iter().zip(&pooled[from]) {
            let place = *place as usize;
            if saved.activation[place] > 0.0 {
                gradient[place] += scale[channel] * pooled;
            }
        }
    });
    let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
    (gradient, narrow(products), narrow(sums))
}
