//! A two-dimensional picture of a sound.

/// Values over rows (bands or coefficients, lowest first) and columns (frames in time), row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMap {
    values: Vec<f32>,
    rows: usize,
}

impl FeatureMap {
    /// Wraps `values`, given row by row.
    ///
    /// # Panics
    /// If the values do not fill `rows` rows of equal length.
    pub fn new(values: Vec<f32>, rows: usize) -> Self {
        assert!(rows > 0 && values.len().is_multiple_of(rows), "values must fill {rows} rows");
        Self { values, rows }
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Takes the values out, row by row.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// Bands or coefficients.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Frames in time.
    pub fn columns(&self) -> usize {
        self.values.len() / self.rows
    }

    /// One band or coefficient over time.
    pub fn row(&self, index: usize) -> &[f32] {
        let columns = self.columns();
        &self.values[index * columns..][..columns]
    }
}
